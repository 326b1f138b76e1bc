/** 底数 on the grid worker's phone: doors are found, confirmed, changed and entered with no network, and all of it arrives. */
import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import type { components } from "../src/shared/api/schema";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { GRID, signIn } from "./support/city";
import { killed, openWithPin, phoneOf, storedBytes, Thumb, uploaded } from "./support/phone";

useBrowser();

type Schemas = components["schemas"];
type Fields = Record<string, string>;

const SHOTS = process.env.LINLI_SHOTS;
/** Words that no other test's records have. */
const fresh = (): string => `${Date.now().toString(36)}苑`;

async function read<T>(context: BrowserContext, path: string): Promise<T> {
  const answer = await context.request.get(path);
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()}`);
  return (await answer.json()) as T;
}

const shown = (context: BrowserContext, kind: string, id: string): Promise<Schemas["RegistryRecord"]> => read(context, `/api/registry/${kind}/${id}`);
const rows = async (context: BrowserContext, kind: string, query: string): Promise<Schemas["RegistryRow"][]> =>
  (await read<{ items: Schemas["RegistryRow"][] }>(context, `/api/registry/${kind}?${query}`)).items;

/** Enters a record at the desk; gives its id. */
async function entered(context: BrowserContext, kind: string, fields: Fields): Promise<string> {
  const made = await context.request.post(`/api/registry/${kind}`, { data: { area_code: GRID, fields }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);
  return ((await made.json()) as { id: string }).id;
}

const dwelling = (context: BrowserContext, compound: string, building: string, occupancy: string): Promise<string> =>
  entered(context, "dwellings", { compound, building, unit: "1单元", room: "101室", dwelling_use: "living", occupancy });

async function clerkAt(): Promise<BrowserContext> {
  const context = await open(DESK);
  await signIn(context, "clerk");
  return context;
}

const search = (page: Page) => page.getByLabel("查地址或名称");
const items = (page: Page) => page.locator(".rows .item");
const item = (page: Page, text: string) => items(page).filter({ hasText: text });

/** Opens the list from the page of visits, as people do. */
async function openList(page: Page): Promise<void> {
  await page.getByRole("link", { name: "走访", exact: true }).click();
  await page.getByRole("heading", { name: "走访记录" }).waitFor();
  await page.getByRole("link", { name: "底数", exact: true }).click();
  await search(page).waitFor();
}

async function fit(page: Page, name: string): Promise<void> {
  expect(await sidewaysBy(page), name).toBe(0);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFaults(page), `${name}, ${colorScheme}`).toEqual([]);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${colorScheme}.png` });
  }
}

it("with no network a door is found, confirmed by one tap, changed; a new one is entered with who lives there; all of it arrives", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const far = await dwelling(clerk, compound, "12号楼", "rented");
  const near = await dwelling(clerk, compound, "3号楼", "owner");
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);

  await openList(page);
  await search(page).fill(`3号楼 ${compound}`);
  await expect.poll(() => items(page).count()).toBe(1);
  await search(page).fill(compound);
  await expect.poll(() => page.locator(".rows .item strong").allInnerTexts()).toEqual([`${compound}3号楼1单元101室`, `${compound}12号楼1单元101室`]);
  await fit(page, "registry");

  // It is so still: one tap at the door, and the list is as it was left.
  await item(page, "3号楼").click();
  await page.getByRole("heading", { name: `${compound}3号楼1单元101室` }).waitFor();
  await page.locator("dd").getByText("自住").waitFor();
  await fit(page, "record");
  await new Thumb().tap(page.getByRole("button", { name: "没有变化" }));
  await page.getByText("已核实", { exact: true }).waitFor();
  expect(await search(page).inputValue()).toBe(compound);
  await item(page, "3号楼").getByText("等上传").waitFor();

  // It is otherwise: only what changed is sent.
  await item(page, "12号楼").click();
  await page.getByRole("button", { name: "有变化", exact: true }).click();
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByText("还没有改动").waitFor();
  await page.getByLabel("居住状态").selectOption({ label: "空置" });
  await fit(page, "record-change");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("button", { name: "有变化", exact: true }).waitFor();
  await page.locator("dd").getByText("空置").waitFor();
  await page.getByText("等上传").waitFor();
  await page.getByRole("button", { name: "返回" }).click();

  // A door that nobody entered yet: what is needed first, the rest folded.
  await page.getByRole("link", { name: "登记房屋" }).click();
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("link", { name: /小区（单位）/ }).waitFor();
  await page.getByLabel("小区（单位）").fill(compound);
  await page.getByLabel("楼栋").fill("15号楼");
  await page.getByLabel("室").fill("201室");
  expect(await page.getByLabel("居住状态").isVisible()).toBe(false);
  await page.getByText("更多（选填）").click();
  await page.getByLabel("居住状态").selectOption({ label: "出租" });
  await fit(page, "record-enter");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("heading", { name: `${compound}15号楼201室` }).waitFor();

  await page.getByRole("link", { name: "登记一户" }).click();
  await page.getByLabel("人数").fill("3");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("heading", { name: "一户人家" }).waitFor();
  await page.getByRole("link", { name: "登记一位住户" }).click();
  await page.getByLabel("姓名").fill("示例住户");
  await fit(page, "resident-enter");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("heading", { name: "一户人家" }).waitFor();
  await fit(page, "household");
  await page.getByRole("button", { name: "返回" }).click();
  await page.getByRole("heading", { name: `${compound}15号楼201室` }).waitFor();
  await page.locator(".item").filter({ hasText: "3人" }).waitFor();

  await page.getByRole("link", { name: /5 条没上传/ }).click();
  for (const line of ["没有变化", "居住状态：空置", "登记房屋", "登记一户", "登记一位住户"]) await page.getByText(line).first().waitFor();
  expect(await page.locator("main").innerText()).not.toContain("示例住户");
  await fit(page, "registry-uploads");

  await context.setOffline(false);
  await uploaded(page).waitFor();
  expect((await shown(clerk, "dwellings", near)).history[0]?.what).toBe("核实无误");
  const changed = await shown(clerk, "dwellings", far);
  expect(changed.record.fields).toMatchObject({ occupancy: "empty", dwelling_use: "living" });
  expect(changed.history[0]?.changes.map(({ after }) => after)).toEqual(["空置"]);
  const [made] = await rows(clerk, "dwellings", `area=${GRID}&q=${encodeURIComponent(`${compound}15号楼`)}`);
  expect(made?.fields).toEqual({ compound, building: "15号楼", room: "201室", occupancy: "rented" });
  const [household] = await rows(clerk, "households", `of=${made?.id ?? ""}`);
  expect(household?.fields.n_persons).toBe("3");
  expect((await rows(clerk, "residents", `of=${household?.id ?? ""}`)).map(({ name }) => name)).toEqual([expect.stringMatching(/^示\*+$/)]);
  await Promise.all([context.close(), clerk.close()]);
});

it("a record that was begun survives a tab that was killed; it is gone once it is saved, or begun anew", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const id = await dwelling(clerk, compound, "1号楼", "owner");
  const phone = await phoneOf("worker");
  const { context } = phone;
  let { page } = phone;
  const told = (): Locator => page.getByText("接着上次没填完的");
  await context.setOffline(true);

  // A new one: what came back is in sight, and lay nowhere in the clear.
  await openList(page);
  await page.getByRole("link", { name: "登记房屋" }).click();
  await page.getByLabel("小区（单位）").fill(compound);
  await page.getByLabel("楼栋").fill("16号楼");
  await page.getByText("更多（选填）").click();
  await page.getByLabel("居住状态").selectOption({ label: "出租" });
  page = await killed(page, "registry");
  await told().waitFor();
  expect(await page.getByLabel("小区（单位）").inputValue()).toBe(compound);
  expect(await page.getByLabel("楼栋").inputValue()).toBe("16号楼");
  await page.getByLabel("居住状态").waitFor();
  expect(await page.getByLabel("居住状态").locator("option:checked").innerText()).toBe("出租");
  expect(await storedBytes(page)).not.toContain("16号楼");
  await fit(page, "record-going-on");
  await page.getByRole("button", { name: "重新填" }).click();
  await told().waitFor({ state: "detached" });
  expect(await page.getByLabel("小区（单位）").inputValue()).toBe("");
  await page.getByRole("button", { name: "返回" }).click();

  // One that is there already: only what was changed.
  await search(page).fill(compound);
  await item(page, "1号楼").click();
  await page.getByRole("button", { name: "有变化", exact: true }).click();
  await page.getByLabel("居住状态").selectOption({ label: "空置" });
  page = await killed(page, "registry");
  await page.getByRole("button", { name: "有变化", exact: true }).click();
  await told().waitFor();
  expect(await page.getByLabel("居住状态").locator("option:checked").innerText()).toBe("空置");
  await page.getByRole("button", { name: "保存" }).click();
  await page.locator("dd").getByText("空置").waitFor();
  await page.getByRole("button", { name: "有变化", exact: true }).click();
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByText("还没有改动").waitFor();
  expect(await told().count()).toBe(0);

  await context.setOffline(false);
  await uploaded(page).waitFor();
  expect((await shown(clerk, "dwellings", id)).record.fields).toMatchObject({ occupancy: "empty", dwelling_use: "living" });
  expect(await rows(clerk, "dwellings", `area=${GRID}&q=${encodeURIComponent(`${compound}16号楼`)}`)).toEqual([]);
  await Promise.all([context.close(), clerk.close()]);
});

it("what somebody else changed meanwhile is not written over: the phone says what waits, until it was read", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const id = await dwelling(clerk, compound, "1号楼", "owner");
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  await openList(page);
  await search(page).fill(compound);
  await item(page, compound).click();
  await page.getByRole("button", { name: "有变化", exact: true }).click();
  await page.getByLabel("居住状态").selectOption({ label: "出租" });
  await page.getByLabel("用途").selectOption({ label: "商住混合" });
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("link", { name: /1 条没上传/ }).waitFor();

  const meanwhile = await clerk.request.patch(`/api/registry/dwellings/${id}`, { data: { base_version: 1, fields: { occupancy: "empty" } }, headers: { Origin: origin() } });
  expect(meanwhile.status(), await meanwhile.text()).toBe(200);
  await context.setOffline(false);
  await page.getByRole("link", { name: /1 处改动等社区定夺/ }).click();
  await page.getByRole("heading", { name: "等社区定夺的 1 条" }).waitFor();
  await page.getByText(/居住状态：出租/).waitFor();
  await page.getByText(/先保留原来的，等社区定夺/).waitFor();
  await fit(page, "registry-contested");
  // It is there still when the app comes back.
  await openWithPin(page, "/field/uploads");
  await page.getByRole("link", { name: "看现在的情况" }).click();
  await page.locator("dd").getByText("空置").waitFor();
  await page.locator("dd").getByText("商住混合").waitFor();
  await page.getByRole("button", { name: "返回" }).click();
  await page.getByRole("button", { name: "知道了", exact: true }).click();
  await uploaded(page).waitFor();

  const { record, proposals } = await shown(clerk, "dwellings", id);
  expect(record.fields).toMatchObject({ occupancy: "empty", dwelling_use: "mixed" });
  expect(proposals.map(({ stands, proposed }) => [stands, proposed])).toEqual([["空置", "出租"]]);
  await Promise.all([context.close(), clerk.close()]);
});

it("from a door to what is done there: a visit to a dwelling, an inspection of premises that are not due", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const home = await dwelling(clerk, compound, "1号楼", "owner");
  const shop = await entered(clerk, "premises", { premises_kind: "catering", name: `${compound}面馆`, address: "向阳路18号", is_key: "no" });
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  await openList(page);
  await search(page).fill(compound);
  await item(page, "1号楼").click();
  await page.getByRole("link", { name: "记一次走访" }).click();
  await page.getByRole("heading", { name: "走访记录" }).waitFor();
  expect(await page.getByLabel("在哪里").locator("option:checked").innerText()).toBe(`${compound}1号楼1单元101室`);
  expect(await page.getByRole("radio", { name: "走访" }).isChecked()).toBe(true);
  await page.getByRole("button", { name: "见到人，一切正常" }).click();

  await search(page).waitFor();
  await page.getByRole("button", { name: /^场所/ }).click();
  await item(page, `${compound}面馆`).click();
  await page.getByRole("link", { name: "检查", exact: true }).click();
  await page.getByRole("heading", { name: `${compound}面馆` }).waitFor();
  await page.getByRole("button", { name: "全部合格" }).click();
  await page.getByRole("button", { name: "记下检查结果" }).click();
  await search(page).waitFor();

  await context.setOffline(false);
  await uploaded(page).waitFor();
  const { items: visits } = await read<{ items: { record_id: string | null; met: boolean | null }[] }>(context, "/api/visits?mine=true&limit=200");
  expect(visits.filter(({ record_id }) => record_id === home).map(({ met }) => met)).toEqual([true]);
  const { items: looked } = await read<{ items: { n_findings: number }[] }>(context, `/api/inspections?record=${shop}`);
  expect(looked.map(({ n_findings }) => n_findings)).toEqual([0]);
  await Promise.all([context.close(), clerk.close()]);
});

it("without a PIN the same pages work online", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const id = await dwelling(clerk, compound, "1号楼", "owner");
  const context = await open(PHONE);
  await signIn(context, "worker");
  const page = await context.newPage();
  await page.goto("/field/visits");
  await page.getByRole("link", { name: "底数", exact: true }).click();
  await search(page).fill(compound);
  await expect.poll(() => items(page).count()).toBe(1);
  await items(page).click();
  await page.getByRole("button", { name: "没有变化" }).click();
  await page.getByText("已核实", { exact: true }).waitFor();
  await items(page).click();
  await page.getByRole("link", { name: "登记一户" }).click();
  await page.getByLabel("人数").fill("2");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("heading", { name: "一户人家" }).waitFor();
  await page.getByRole("button", { name: "有变化", exact: true }).click();
  await page.getByLabel("人数").fill("4");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByText("已保存").first().waitFor();
  expect((await shown(clerk, "dwellings", id)).history[0]?.what).toBe("核实无误");
  expect((await rows(clerk, "households", `of=${id}`)).map(({ fields }) => fields.n_persons)).toEqual(["4"]);
  await Promise.all([context.close(), clerk.close()]);
});

it("whoever keeps no records sees no registry", async () => {
  const context = await open(PHONE);
  await signIn(context, "property");
  const page = await context.newPage();
  await page.goto("/field/registry");
  await page.getByText("这里看不到底数").waitFor();
  await context.close();
});
