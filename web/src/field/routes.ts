import type { RouteRecordRaw } from "vue-router";
import TodayPage from "./cases/TodayPage.vue";

export const routes: RouteRecordRaw[] = [
  { path: "/", name: "today", component: TodayPage, meta: { title: "field.today.title" } },
  {
    path: "/login",
    name: "signIn",
    component: () => import("./account/SignInPage.vue"),
    meta: { title: "field.signIn.title", open: true, bare: true, door: true },
  },
  {
    path: "/unlock",
    name: "unlock",
    component: () => import("./phone/UnlockPage.vue"),
    meta: { title: "field.unlock.title", open: true, bare: true, door: true },
  },
  {
    path: "/cases",
    name: "cases",
    component: () => import("./cases/CasesPage.vue"),
    meta: { title: "field.cases.title" },
  },
  {
    path: "/cases/:id",
    name: "case",
    component: () => import("./cases/CasePage.vue"),
    props: true,
    meta: { title: "field.case.title", bare: true },
  },
  {
    path: "/new",
    name: "new",
    component: () => import("./cases/NotePage.vue"),
    meta: { title: "field.note.title", bare: true },
  },
  {
    path: "/visits",
    name: "visits",
    component: () => import("./visits/VisitsPage.vue"),
    meta: { title: "field.visits.title" },
  },
  {
    path: "/registry",
    name: "registry",
    component: () => import("./registry/RegistryPage.vue"),
    meta: { title: "field.registry.title", bare: true },
  },
  {
    path: "/registry/new/:kind",
    name: "enter",
    component: () => import("./registry/EnterPage.vue"),
    props: true,
    meta: { title: "field.registry.title", bare: true },
  },
  {
    path: "/registry/:kind/:id",
    name: "record",
    component: () => import("./registry/RecordPage.vue"),
    props: true,
    meta: { title: "field.registry.title", bare: true },
  },
  {
    path: "/inspections/:record",
    name: "inspection",
    component: () => import("./inspections/InspectionPage.vue"),
    props: true,
    meta: { title: "field.inspect.title", bare: true },
  },
  {
    path: "/care/:id",
    name: "care",
    component: () => import("./care/CareVisitPage.vue"),
    props: true,
    meta: { title: "field.care.title", bare: true },
  },
  {
    path: "/gathering",
    name: "gathering",
    component: () => import("./gatherings/GatheringPage.vue"),
    meta: { title: "field.gather.title", bare: true },
  },
  {
    path: "/uploads",
    name: "uploads",
    component: () => import("./phone/UploadsPage.vue"),
    meta: { title: "field.uploads.title", bare: true },
  },
  {
    path: "/pin",
    name: "pin",
    component: () => import("./phone/PinPage.vue"),
    meta: { title: "field.pin.title", bare: true },
  },
  { path: "/me", name: "me", component: () => import("./account/MePage.vue"), meta: { title: "field.me.title" } },
  {
    path: "/notices",
    name: "notices",
    component: () => import("./bell/NoticesPage.vue"),
    meta: { title: "field.notices.title" },
  },
  {
    path: "/password",
    name: "password",
    component: () => import("./account/PasswordPage.vue"),
    meta: { title: "field.password.title", bare: true },
  },
  { path: "/:rest(.*)*", redirect: { name: "today" } },
];
