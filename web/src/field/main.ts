import { startFace } from "@shared/app";
import { forget } from "@shared/lib/storage";
import App from "./App.vue";
import { routes } from "./routes";
import { guard } from "./session";
import { keepApp } from "./shell/update";

// An older version left a half-written note in the browser for good, with a resident's name and number.
forget("linli.note");
void startFace({
  name: "field",
  base: "/field/",
  root: App,
  routes,
  prepare: guard,
  messages: {
    "zh-CN": () => import("./locales/zh-CN.json"),
    "zh-TW": () => import("./locales/zh-TW.json"),
    en: () => import("./locales/en.json"),
  },
});
void keepApp();
