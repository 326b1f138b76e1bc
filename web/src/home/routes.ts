import type { RouteRecordRaw } from "vue-router";
import LandingPage from "./cases/LandingPage.vue";

// The landing page is in the first load; each further step is fetched while the resident reads the one before.
export const routes: RouteRecordRaw[] = [
  { path: "/", name: "landing", component: LandingPage },
  {
    path: "/report",
    name: "what",
    component: () => import("./cases/WhatPage.vue"),
    meta: { title: "home.what.title" },
  },
  {
    path: "/report/where",
    name: "where",
    component: () => import("./cases/WherePage.vue"),
    meta: { title: "home.where.title" },
  },
  {
    path: "/report/similar",
    name: "similar",
    component: () => import("./cases/SimilarPage.vue"),
    meta: { title: "home.similar.title" },
  },
  {
    path: "/report/contact",
    name: "contact",
    component: () => import("./cases/ContactPage.vue"),
    meta: { title: "home.contact.title" },
  },
  {
    path: "/report/check",
    name: "check",
    component: () => import("./cases/CheckPage.vue"),
    meta: { title: "home.check.title" },
  },
  {
    path: "/sent/:code",
    name: "sent",
    component: () => import("./cases/SentPage.vue"),
    props: true,
    meta: { title: "home.sent.title" },
  },
  {
    path: "/c/:code",
    name: "case",
    component: () => import("./cases/FollowPage.vue"),
    props: true,
    meta: { title: "home.follow.title" },
  },
  {
    path: "/t/:token",
    name: "outside",
    component: () => import("./outside/TaskPage.vue"),
    props: true,
    meta: { title: "home.outside.page" },
  },
  {
    path: "/care",
    name: "care",
    component: () => import("./care/CarePage.vue"),
    meta: { title: "home.care.title" },
  },
  {
    path: "/opinions",
    name: "opinions",
    component: () => import("./opinions/OpinionsPage.vue"),
    meta: { title: "home.opinions.title" },
  },
  {
    path: "/stations",
    name: "stations",
    component: () => import("./stations/StationsPage.vue"),
    meta: { title: "home.stations.title" },
  },
  { path: "/:rest(.*)*", name: "missing", component: () => import("./shell/MissingPage.vue") },
];
