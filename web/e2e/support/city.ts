/** The demo city as the tests use it: who works there, and how they get in. */
import { randomUUID } from "node:crypto";
import type { BrowserContext, Page } from "playwright-core";
import type { components } from "../../src/shared/api/schema";
import { origin } from "./browser";

type Schemas = components["schemas"];

/** 红旗社区, where most of the demo happens. */
export const COMMUNITY = "610502005007";
/** Its third grid: the one of the demo's grid worker. */
export const GRID = "610502005007003";

/** The demo's accounts; each is printed by `linli demo` and shown on its sign-in pages. */
export const ACCOUNTS = {
  worker: { name: "wangge", password: "linli-demo-01", display: "党晓燕" },
  head: { name: "wanggezhang", password: "linli-demo-02", display: "雷永刚" },
  clerk: { name: "shequ", password: "linli-demo-03", display: "田丽娟" },
  street: { name: "jiedao", password: "linli-demo-04", display: "樊文斌" },
  department: { name: "chengguan", password: "linli-demo-05", display: "屈志峰" },
  property: { name: "wuye", password: "linli-demo-06", display: "侯海涛" },
  hotline: { name: "rexian", password: "linli-demo-07", display: "惠佳怡" },
  leader: { name: "quzhang", password: "linli-demo-08", display: "贺立新" },
  auditor: { name: "shenji", password: "linli-demo-09", display: "蔺思远" },
  admin: { name: "guanli", password: "linli-demo-10", display: "段博文" },
} as const;
export type Who = keyof typeof ACCOUNTS;
/** Somebody with an account of their own. */
export interface Person {
  name: string;
  password: string;
}

/** Signs the browser in without the page: for tests whose subject is another one. */
export async function signIn(context: BrowserContext, who: Who | Person): Promise<void> {
  const { name, password } = typeof who === "string" ? ACCOUNTS[who] : who;
  const answer = await context.request.post("/api/session", { data: { name, password }, headers: { Origin: origin() } });
  if (!answer.ok()) throw new Error(`${name} could not sign in: ${answer.status()} ${await answer.text()}`);
}

/** Signs in on the page of a face, as people do. */
export async function signInOnPage(page: Page, who: Who): Promise<void> {
  const { name, password } = ACCOUNTS[who];
  await page.getByLabel("账号", { exact: true }).fill(name);
  await page.getByLabel("密码", { exact: true }).fill(password);
  await page.getByRole("button", { name: "登录", exact: true }).click();
}

async function read<T>(context: BrowserContext, path: string): Promise<T> {
  const answer = await context.request.get(path);
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A building of the worker's grid whose printed code residents scan: it stands in one of the grid's micro-grids. */
export async function aBuilding(context: BrowserContext): Promise<Schemas["Place"]> {
  const area = await read<Schemas["AreaView"]>(context, `/api/areas/${GRID}001`);
  const building = area.places.find((place) => place.kind === "building");
  if (building === undefined) throw new Error(`no building in ${area.full_name}`);
  return building;
}

/** A case by its public code, as a member of staff sees it. */
export const caseOf = (context: BrowserContext, code: string): Promise<Schemas["CaseView"]> => read(context, `/api/cases/${code}`);

/** Reports something without a page; gives the public code. */
export async function report(body: Schemas["ReportCase"]): Promise<string> {
  const answer = await fetch(`${origin()}/api/cases`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`report: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as Schemas["Reported"]).code;
}

/** Acts on a case as whoever is signed in to the browser, without its pages. */
export async function act(context: BrowserContext, code: string, verb: Schemas["Action"], fields: Record<string, unknown>): Promise<Schemas["CaseView"]> {
  const { id, version } = await caseOf(context, code);
  const answer = await context.request.post(`/api/cases/${id}/actions/${verb}`, {
    data: { version, fields },
    headers: { Origin: origin(), "Idempotency-Key": randomUUID() },
  });
  if (!answer.ok()) throw new Error(`${verb}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as Schemas["CaseView"];
}

/** A reply in its four parts. */
export const REPLY: Schemas["Reply"] = {
  received: "今天上午接到后马上受理",
  talked_to: "与反映人张女士通了电话",
  done: "换了灯泡和整流器，现场试过，亮了",
  by_when: "今天已经修好",
};

/** Uploads a photo as a resident does, without an account; gives its id. */
export async function upload(photo: { mimeType: string; buffer: Buffer }): Promise<string> {
  const answer = await fetch(`${origin()}/api/attachments`, {
    method: "POST",
    headers: { "Content-Type": photo.mimeType, "Idempotency-Key": randomUUID() },
    body: new Uint8Array(photo.buffer),
  });
  if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as Schemas["Attachment"]).id;
}
