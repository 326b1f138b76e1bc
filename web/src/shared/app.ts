import { createApp, nextTick, type Component, type InjectionKey } from "vue";
import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from "vue-router";
import { createFaceI18n, type FaceMessages, type Locale } from "./i18n";
import { applyDisplay } from "./lib/display";
import { showToast } from "./ui/toast";
import "./ui/tokens.css";
import "./ui/base.css";

export type FaceName = "home" | "field" | "desk" | "wall";

/** Changes the language of the running face. */
export const chooseLocaleKey: InjectionKey<(locale: Locale) => Promise<void>> = Symbol("chooseLocale");

export interface Face {
  name: FaceName;
  /** The prefix that the face lives under, with slashes: `/`, `/field/`. */
  base: string;
  root: Component;
  routes: RouteRecordRaw[];
  messages: FaceMessages;
  /** Called before the first navigation, for instance to add a guard. */
  prepare?: (router: Router) => void;
}

declare module "vue-router" {
  interface RouteMeta {
    /** Message key of the page's title. */
    title?: string;
  }
}

/** After a release the old page may ask for a part that is gone; one reload brings the new page. */
function reloadOnceWhenStale(): void {
  window.addEventListener("vite:preloadError", (event) => {
    const key = "linli.reloaded";
    if (sessionStorage.getItem(key) === location.href) return;
    sessionStorage.setItem(key, location.href);
    event.preventDefault();
    location.reload();
  });
}

/** A screen reader should say the new page, not stay on a link that is gone. */
function focusHeading(): void {
  const heading = document.querySelector<HTMLElement>("main h1, h1");
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** Starts one face: language, routes, page titles, focus after navigation. */
export async function startFace(face: Face): Promise<void> {
  applyDisplay();
  document.documentElement.dataset.face = face.name;
  reloadOnceWhenStale();
  const i18n = await createFaceI18n(face.messages);
  const router = createRouter({
    history: createWebHistory(face.base),
    routes: face.routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  });
  face.prepare?.(router);
  router.afterEach((to, from, failure) => {
    if (failure !== undefined) return;
    const { t } = i18n.plugin.global;
    const title = to.meta.title === undefined ? "" : `${t(to.meta.title)} · `;
    document.title = `${title}${t(`${face.name}.title`)}`;
    const isFirst = from.matched.length === 0;
    if (!isFirst && to.path !== from.path) void nextTick(focusHeading);
  });
  const app = createApp(face.root);
  app.config.errorHandler = (error) => {
    console.error(error);
    showToast({ tone: "bad", text: i18n.plugin.global.t("problem.unexpected") });
  };
  app.provide(chooseLocaleKey, i18n.choose);
  app.use(i18n.plugin).use(router).mount("#app");
}
