import { startFace } from "@shared/app";
import App from "./App.vue";
import { guard, routes } from "./routes";
import "./desk.css";

void startFace({
  name: "desk",
  base: "/desk/",
  root: App,
  routes,
  prepare: guard,
  messages: {
    "zh-CN": () => import("./locales/zh-CN.json"),
    "zh-TW": () => import("./locales/zh-TW.json"),
    en: () => import("./locales/en.json"),
  },
});
