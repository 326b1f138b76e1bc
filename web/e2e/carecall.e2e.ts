/** 电话联系: a service that is due is given by phone, with no network; what was said is read by whoever keeps the entry, for a purpose. */
import type { BrowserContext } from "playwright-core";
import { expect, it } from "vitest";
import type { components } from "../src/shared/api/schema";
import { axeFaults } from "./support/axe";
import { DESK, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { signIn } from "./support/city";
import { phoneOf, uploaded } from "./support/phone";

useBrowser();

type Schemas = components["schemas"];

/** Somebody of the demo with whom its grid worker is paired. */
const NAME = "示例奶奶甲";
const ADDRESS = "红旗小区13号楼1单元101室";
const SERVICE = { code: "check_in_call", name: "电话问候" };
const BEIJING_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const SHOTS = process.env.LINLI_SHOTS;

async function read<T>(context: BrowserContext, path: string): Promise<T> {
  const answer = await context.request.get(path);
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Acts on an entry as whoever is signed in; gives the status. */
async function act(context: BrowserContext, id: string, body: Schemas["CareAct"]): Promise<number> {
  const answer = await context.request.post(`/api/care/${id}/acts`, { data: body, headers: { Origin: origin() } });
  return answer.status();
}

it("who is paired calls with no network, and the clerk reads what was said", async () => {
  const words = `${Date.now().toString(36)}说膝盖好多了`;
  const clerk = await open(DESK);
  await signIn(clerk, "clerk");
  const { items } = await read<Schemas["CareList"]>(clerk, "/api/care?show=all");
  const id = items.find(({ address }) => address.includes(ADDRESS))?.id ?? "";
  expect(id, `${NAME} is in care`).not.toBe("");
  // Wanted already, or now; and due today, though another test gave it before.
  expect([200, 409]).toContain(await act(clerk, id, { act: "want", service: SERVICE.code }));
  const on = new Date(Date.now() + BEIJING_MS).toISOString().slice(0, 10);
  expect(await act(clerk, id, { act: "arrange", service: SERVICE.code, by: "网格员", on })).toBe(200);

  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  const card = page.locator(".item").filter({ hasText: NAME });
  await card.waitFor();
  expect(await card.innerText()).toContain(SERVICE.name);
  expect(await axeFaults(page)).toEqual([]);
  await card.click();
  await page.getByRole("heading", { name: NAME }).waitFor();
  // Ticked from the start where only a call is due; where a visit is due too, by hand.
  await page.getByRole("group", { name: /这次做了/ }).getByRole("checkbox", { name: SERVICE.name }).check();
  await page.getByLabel("说一下情况").fill(words);
  expect(await sidewaysBy(page)).toBe(0);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFaults(page), colorScheme).toEqual([]);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/care-call-${colorScheme}.png` });
  }
  await page.getByRole("button", { name: "电话联系上了" }).click();
  await page.locator("section.group", { hasText: "已办，等上传" }).getByText(NAME).waitFor();
  await page.getByRole("link", { name: /1 条没上传/ }).waitFor();

  // Nobody went there: it is no record of a visit, here or there.
  await page.getByRole("link", { name: "走访", exact: true }).click();
  await page.getByRole("heading", { name: "我最近记的" }).waitFor();
  expect(await page.getByText(words).count()).toBe(0);
  await context.setOffline(false);
  await uploaded(page).waitFor();
  const { items: visits } = await read<{ items: { note: string | null }[] }>(context, "/api/visits?mine=true&limit=200");
  expect(visits.filter(({ note }) => note === words)).toEqual([]);

  // The call is due no more; a visit may be.
  await page.getByRole("link", { name: "今日", exact: true }).click();
  await page.locator("section.group").first().waitFor();
  await expect.poll(() => card.filter({ hasText: SERVICE.name }).count()).toBe(0);
  await context.close();

  const answer = await clerk.request.post(`/api/care/${id}/private`, { data: { purpose: "看看近况" }, headers: { Origin: origin() } });
  expect(answer.status(), await answer.text()).toBe(200);
  const why = (await answer.json()) as Schemas["CareWhy"];
  expect(why.calls[0]?.text).toBe(words);
  const given = why.services.find(({ code }) => code === SERVICE.code);
  expect(given?.step).toBe("arranged");
  expect(Date.parse(given?.next_at ?? ""), "a week later").toBeGreaterThan(Date.now() + 6 * DAY_MS);
  expect(JSON.stringify(await read(clerk, `/api/care/${id}`)), "what was said is sealed").not.toContain(words);
  await clerk.close();
});
