import type { RouteRecordRaw } from "vue-router";
import LandingPage from "./pages/LandingPage.vue";

export const routes: RouteRecordRaw[] = [{ path: "/", name: "landing", component: LandingPage }];
