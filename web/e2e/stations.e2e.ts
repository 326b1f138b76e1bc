/** 值守安排: who sets a shift at the desk is told who will read of it; a resident reads who is there, when and where, and nothing else. */
import type { BrowserContext } from "playwright-core";
import { expect, it } from "vitest";
import type { components } from "../src/shared/api/schema";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { ACCOUNTS, COMMUNITY, signIn } from "./support/city";

useBrowser();

type Schemas = components["schemas"];

const SHOTS = process.env.LINLI_SHOTS;
const HOUR_MS = 3_600_000;
/** Of the city's tomorrow. */
const tomorrow = (): string => new Date(Date.now() + 32 * HOUR_MS).toISOString().slice(0, 10);

async function read<T>(context: BrowserContext, path: string): Promise<T> {
  const answer = await context.request.get(path);
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function setShift(context: BrowserContext, shift: Partial<Schemas["SetShift"]>): Promise<void> {
  const colleagues = await read<Schemas["Colleague"][]>(context, "/api/duties/colleagues");
  const account_ids = colleagues.filter(({ name }) => name === ACCOUNTS.worker.display).map(({ id }) => id);
  const made = await context.request.post("/api/shifts", { data: { area_code: COMMUNITY, account_ids, ...shift }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);
}

it("residents read who receives them, when and where; not what is noted for colleagues, nor who patrols", async () => {
  const own = Date.now().toString(36);
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const evening = { starts_at: `${tomorrow()}T10:00:00.000Z`, ends_at: `${tomorrow()}T12:00:00.000Z` };
  await setShift(desk, { kind: "station", title: `暖心驿站${own}`, place_text: "服务中心一楼", note: `带钥匙${own}`, ...evening });
  await setShift(desk, { kind: "patrol", title: `夜巡${own}`, ...evening });
  await setShift(desk, { kind: "reception", title: `接待日${own}`, starts_at: new Date(Date.now() - HOUR_MS).toISOString(), ends_at: new Date(Date.now() + HOUR_MS).toISOString() });

  const home = await open(PHONE);
  const page = await home.newPage();
  await page.goto("/");
  await page.getByRole("link", { name: "看看驿站、接待日谁在值守" }).click();
  await page.getByRole("heading", { name: "值守安排" }).waitFor();
  const card = page.getByRole("region", { name: /^明天 周/ }).getByRole("listitem").filter({ hasText: `暖心驿站${own}` });
  await card.getByText("18:00–20:00").waitFor();
  await card.getByText("服务中心一楼 · 红旗社区").waitFor();
  await card.getByText(ACCOUNTS.worker.display).waitFor();
  expect(await card.getByText("正在值守").count()).toBe(0);
  await page.getByRole("region", { name: /^今天 周/ }).getByRole("listitem").filter({ hasText: `接待日${own}` }).getByText("正在值守").waitFor();
  const words = await page.locator("main").innerText();
  for (const secret of [`带钥匙${own}`, `夜巡${own}`]) expect(words).not.toContain(secret);
  expect(await sidewaysBy(page)).toBe(0);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFaults(page), colorScheme).toEqual([]);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/stations-${colorScheme}.png` });
  }

  // Only what is around the reader; and all of it again.
  const { items } = await read<Schemas["AreaRefs"]>(home, `/api/areas/search?q=${COMMUNITY.slice(0, 9)}`);
  const other = items.find(({ level, code }) => level === "community" && code !== COMMUNITY);
  if (other === undefined) throw new Error("no community beside 红旗社区");
  await page.getByText("只看我这里的").click();
  await page.getByLabel("社区、街道或网格的名字").fill(other.code);
  await page.getByRole("button", { name: other.full_name }).first().click();
  await page.getByText(`只看：${other.full_name}`).waitFor();
  await page.getByText("今后七天没有值守安排").waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "看全部" }).click();
  await card.waitFor();
  await page.getByText("只看我这里的").click();
  await page.getByLabel("社区、街道或网格的名字").fill(COMMUNITY);
  await page.getByRole("button", { name: /红旗社区/ }).first().click();
  await page.getByText(/^只看：.*红旗社区/).waitFor();
  await card.waitFor();
  await Promise.all([desk.close(), home.close()]);
});

it("whoever sets a shift is told what residents will read of it, and names the units that come along", async () => {
  const title = `联合巡查${Date.now().toString(36)}`;
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const page = await desk.newPage();
  await page.goto("/desk/duties");
  await page.getByRole("button", { name: "排班", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/居民能在网上看到地点、时间和值守人姓名/).waitFor();
  await dialog.getByLabel("种类").selectOption({ label: "联合巡查" });
  await dialog.getByText(/居民能在网上看到/).waitFor({ state: "detached" });
  await dialog.getByLabel("名称").fill(title);
  const { playbook } = await read<Schemas["PlaybookView"]>(desk, "/api/playbook");
  const unit = playbook.units[0]?.name ?? "";
  await dialog.getByRole("group", { name: /^一起参加的单位/ }).getByRole("checkbox", { name: unit }).first().check();
  expect(await axeFaults(page)).toEqual([]);
  await dialog.getByRole("button", { name: "保存" }).click();
  // It is opened again as it was set.
  await page.getByRole("button", { name: new RegExp(`${title}.*${unit}`) }).click();
  expect(await dialog.getByRole("checkbox", { name: unit }).first().isChecked()).toBe(true);
  await desk.close();
});
