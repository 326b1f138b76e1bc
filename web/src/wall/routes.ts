import type { RouteRecordRaw } from "vue-router";
import WallPage from "./WallPage.vue";

/** One page; the area is in the address, so that a leader's screen can be sent as a link. */
export const routes: RouteRecordRaw[] = [{ path: "/:code(\\d+)?", name: "wall", component: WallPage, meta: { title: "wall.map" } }];
