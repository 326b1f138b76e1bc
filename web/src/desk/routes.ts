import type { Router, RouteRecordRaw } from "vue-router";
import { api } from "@shared/api/client";
import { firstPage, maySee, needOf } from "./pages";
import { forgetSession, loadSession, type May } from "./session";

declare module "vue-router" {
  interface RouteMeta {
    /** Open to those who are not signed in. */
    open?: boolean;
    /** What one must be allowed to do to see the page: any of these. */
    may?: readonly May[];
  }
}

const CasesPage = () => import("./cases/CasesPage.vue");

export const routes: RouteRecordRaw[] = [
  { path: "/", redirect: { name: "inbox" } },
  { path: "/login", name: "login", component: () => import("./account/LoginPage.vue"), meta: { open: true, title: "desk.login.title" } },
  {
    path: "/",
    component: () => import("./DeskShell.vue"),
    children: [
      { path: "inbox", name: "inbox", component: CasesPage, meta: { title: "desk.nav.inbox", may: needOf("inbox") } },
      { path: "cases/:id", name: "case", component: CasesPage, meta: { title: "desk.case.title", may: needOf("inbox") } },
      { path: "cases/:id/print", name: "print", component: () => import("./cases/print/PrintPage.vue"), meta: { title: "desk.print.title", may: needOf("inbox") } },
      { path: "hot-spots/:id?", name: "hot_spots", component: () => import("./hotspots/HotSpotsPage.vue"), meta: { title: "desk.hot_spots.title", may: needOf("inbox") } },
      { path: "call", name: "call", component: () => import("./call/CallPage.vue"), meta: { title: "desk.nav.call", may: needOf("call") } },
      { path: "callbacks", name: "callbacks", component: () => import("./call/CallbacksPage.vue"), meta: { title: "desk.callbacks.title", may: ["read_contact"] } },
      { path: "register", name: "register", component: () => import("./register/RegisterPage.vue"), meta: { title: "desk.nav.register", may: needOf("register") } },
      { path: "board", name: "board", component: () => import("./board/BoardPage.vue"), meta: { title: "desk.nav.board", may: needOf("board") } },
      { path: "board/:indicator/cases", name: "board_cases", component: () => import("./board/CountedPage.vue"), meta: { title: "desk.board.cases", may: needOf("board") } },
      { path: "hotline", name: "hotline", component: () => import("./hotline/HotlinePage.vue"), meta: { title: "desk.nav.hotline", may: needOf("hotline") } },
      { path: "registry", name: "registry", component: () => import("./registry/RegistryPage.vue"), meta: { title: "desk.nav.registry", may: needOf("registry") } },
      { path: "facilities", name: "facilities", component: () => import("./facilities/FacilitiesPage.vue"), meta: { title: "desk.nav.facilities", may: needOf("facilities") } },
      { path: "care", name: "care", component: () => import("./care/CareDoor.vue"), meta: { title: "desk.nav.care", may: needOf("care") } },
      { path: "duties", name: "duties", component: () => import("./duties/DutiesPage.vue"), meta: { title: "desk.nav.duties", may: needOf("duties") } },
      { path: "visits/:id?", name: "visits", component: () => import("./visits/VisitsPage.vue"), meta: { title: "desk.visits.title", may: needOf("visits") } },
      { path: "inspections", name: "inspections", component: () => import("./inspections/InspectionsPage.vue"), meta: { title: "desk.nav.inspections", may: needOf("inspections") } },
      { path: "ledgers", name: "ledgers", component: () => import("./ledgers/LedgersPage.vue"), meta: { title: "desk.nav.ledgers", may: needOf("ledgers") } },
      { path: "areas/:code?", name: "areas", component: () => import("./areas/AreasPage.vue"), meta: { title: "desk.nav.areas", may: needOf("areas") } },
      { path: "areas/:code/qr", name: "qr", component: () => import("./areas/QrSheetPage.vue"), meta: { title: "desk.qr.title", may: needOf("areas") } },
      { path: "people", name: "people", component: () => import("./people/PeoplePage.vue"), meta: { title: "desk.nav.people", may: needOf("people") } },
      { path: "playbook", name: "playbook", component: () => import("./playbook/PlaybookPage.vue"), meta: { title: "desk.nav.playbook", may: needOf("playbook") } },
      { path: "read-log", name: "read_log", component: () => import("./audit/ReadLogPage.vue"), meta: { title: "desk.nav.read_log", may: needOf("read_log") } },
      { path: "deliveries", name: "deliveries", component: () => import("./deliveries/DeliveriesPage.vue"), meta: { title: "desk.nav.deliveries", may: needOf("deliveries") } },
      { path: "opinions", name: "opinions", component: () => import("./opinions/OpinionsPage.vue"), meta: { title: "desk.nav.opinions", may: needOf("opinions") } },
      { path: "banners", name: "banners", component: () => import("./banners/BannersPage.vue"), meta: { title: "desk.nav.banners", may: needOf("banners") } },
      { path: "notice-log", name: "notice_log", component: () => import("./bell/NoticeLogPage.vue"), meta: { title: "desk.nav.notice_log", may: needOf("notice_log") } },
      { path: "notices", name: "notices", component: () => import("./bell/NoticesPage.vue"), meta: { title: "desk.nav.notices" } },
      { path: "open311", name: "open311", component: () => import("./exchange/Open311Page.vue"), meta: { title: "desk.nav.open311", may: needOf("open311") } },
      { path: "account", name: "account", component: () => import("./account/AccountPage.vue"), meta: { title: "desk.nav.account" } },
      { path: "no-permission/:what", name: "no_permission", component: () => import("./account/NoPermissionPage.vue"), meta: { title: "desk.forbidden.title" } },
      { path: ":rest(.*)*", name: "lost", component: () => import("./account/LostPage.vue"), meta: { title: "desk.lost.title" } },
    ],
  },
];

/** Lets only those in who are signed in and may; says to the others where to go. */
export function guard(router: Router): void {
  // The session ended while a page was open (idle too long, or ended elsewhere).
  api.use({
    async onResponse({ request, response }) {
      const asksForSession = new URL(request.url).pathname === "/api/session";
      if (response.status !== 401 || asksForSession || router.currentRoute.value.meta.open) return;
      await router.push({ name: "login", query: { next: router.currentRoute.value.fullPath, why: "ended" } });
      forgetSession();
    },
  });
  router.beforeEach(async (to) => {
    if (to.meta.open) return true;
    const me = await loadSession().catch(() => "unreachable" as const);
    if (me === "unreachable") return { name: "login", query: { next: to.fullPath, why: "unreachable" } };
    if (me === null) return { name: "login", query: to.fullPath === "/inbox" ? {} : { next: to.fullPath } };
    if (me.must_change_password && to.name !== "account") return { name: "account" };
    const need = to.meta.may;
    if (need === undefined || maySee(me, need)) return true;
    // The front door leads everybody to where their work is.
    if (to.name === "inbox") return { name: firstPage(me) };
    return { name: "no_permission", params: { what: need[0] } };
  });
}
