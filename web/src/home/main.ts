import { startFace } from "@shared/app";
import App from "./App.vue";
import { routes } from "./routes";

void startFace({
  name: "home",
  base: "/",
  root: App,
  routes,
  messages: {
    "zh-CN": () => import("./locales/zh-CN.json"),
    "zh-TW": () => import("./locales/zh-TW.json"),
    en: () => import("./locales/en.json"),
  },
});
