/** 底数: a community brings its ledger in, without the column that linli does not keep, and takes it back. */
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, origin, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, signIn } from "./support/city";

useBrowser();

const SHEET = [
  "红旗社区居民台账,,,,,,",
  "姓名,与户主关系,联系电话,政治面貌,小区,门牌地址,所属网格",
  "必填，真实姓名,如：户主,可多个,如群众,必填,如1单元101室,网格名称",
  "李晓梅,户主,19900000051,群众,幸福小区,3号楼2单元101室,第三网格",
  "王强,配偶,19900000052,群众,幸福小区,3号楼2单元101室,第三网格",
  "刘洋,户主,电话不对,群众,幸福小区,3号楼2单元102室,第三网格",
  "",
].join("\n");

it("a ledger is brought in without the column that is not kept, looked at before it acts, and taken back", async () => {
  const clerkAt = await open(DESK, { acceptDownloads: true });
  await signIn(clerkAt, "clerk");
  const page = await clerkAt.newPage();
  await page.goto(`/desk/registry?area=${COMMUNITY}&kind=resident`);
  await page.getByRole("button", { name: "导入台账" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);

  await page.getByRole("button", { name: "导入台账" }).click();
  await page.getByLabel("选择台账文件").setInputFiles({ name: "居民台账.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET) });
  const refused = page.getByRole("alert", { name: "这些列不收" });
  await refused.getByText("政治面貌", { exact: true }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "不要这些列，继续导入" }).click();
  await page.getByRole("heading", { name: "居民台账.csv" }).waitFor();
  await page.getByRole("button", { name: "预览，不写入" }).click();
  const preview = page.getByRole("region", { name: "预览结果" });
  await preview.getByText("会新增 2 条").waitFor();
  const shown = await preview.innerText();
  expect(shown).toContain("李**");
  expect(shown).not.toContain("李晓梅");
  expect(await axeFaults(page)).toEqual([]);

  await page.getByRole("button", { name: /^导入 \d+ 条/ }).click();
  await page.getByText("导入完成").first().waitFor();
  await page.getByRole("cell", { name: "“联系电话”不是电话号码。" }).waitFor();
  const errors = await clerkAt.request.get((await page.getByRole("link", { name: /下载错误表/ }).getAttribute("href")) ?? "");
  expect((await errors.body()).subarray(0, 2).toString()).toBe("PK");
  await page.getByRole("button", { name: "关闭" }).first().click();

  // The list masks the name; a look behind the mask says why, and is recorded.
  await page.getByRole("button", { name: "李**" }).click();
  const panel = page.getByRole("region", { name: "详情" });
  await panel.getByLabel("查看用途").fill("通知停水，联系户主");
  await panel.getByRole("button", { name: "查看", exact: true }).click();
  await panel.getByText("19900000051").waitFor();
  await panel.getByText("谁看过").click();
  await panel.getByText(/通知停水，联系户主/).first().waitFor();
  expect(await axeFaults(page)).toEqual([]);

  await page.getByRole("button", { name: "导入台账" }).click();
  await page.getByText("以前的导入").click();
  await page.getByRole("button", { name: "居民台账.csv" }).click();
  await page.getByRole("button", { name: "整批撤销" }).click();
  await page.getByRole("button", { name: "确定撤销" }).click();
  await page.getByText("已整批撤销").first().waitFor();
});

it("whoever keeps no ledgers of an area sees no registry", async () => {
  const leaderAt = await open(DESK);
  await signIn(leaderAt, "leader");
  const page = await leaderAt.newPage();
  await page.goto("/desk/registry");
  await page.getByText("没有权限").first().waitFor();
});

it("what was archived by mistake comes back with its history", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const fields = { compound: "幸福小区", building: "8号楼", unit: "1单元", room: "808室", dwelling_use: "living", occupancy: "owner" };
  const made = await clerkAt.request.post("/api/registry/dwellings", { data: { area_code: GRID, fields } });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  const left = await clerkAt.request.post(`/api/registry/dwellings/${id}/archive`, { data: { reason: "mistake" } });
  expect(left.status(), await left.text()).toBe(200);
  const page = await clerkAt.newPage();
  await page.goto(`/desk/registry?area=${GRID}&kind=dwelling&lack=left`);
  await page.getByRole("button", { name: /808室/ }).click();
  const panel = page.getByRole("region", { name: "详情" });
  await panel.getByRole("button", { name: "恢复为现用" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await panel.getByRole("button", { name: "恢复为现用" }).click();
  await panel.getByText("误归档，恢复").waitFor();
  await panel.getByText(/归档：误登/).waitFor();
  await panel.getByRole("button", { name: "归档", exact: true }).waitFor();
});

/** Enters a dwelling by hand, up to what the server says of it. */
async function enterDwelling(page: Page, compound: string): Promise<Locator> {
  await page.getByRole("button", { name: "登记", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "登记", exact: true });
  await dialog.getByLabel("小区（单位）").fill(compound);
  await dialog.getByLabel("楼栋").fill("21号楼");
  await dialog.getByLabel("室").fill("2102室");
  await dialog.getByLabel("用途").selectOption({ label: "住宅" });
  await dialog.getByLabel("居住状态").selectOption({ label: "出租" });
  await dialog.getByRole("button", { name: "登记", exact: true }).click();
  return dialog;
}

it("a home that is there already is told before it is entered again, and two of one home are put together", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const compound = `${Date.now().toString(36)}里`;
  const home = `${compound}21号楼2102室`;
  const found = `area=${GRID}&q=${encodeURIComponent(compound)}`;
  const fields = { compound, building: "21号楼", room: "2102室", occupancy: "owner" };
  const made = await clerkAt.request.post("/api/registry/dwellings", { data: { area_code: GRID, fields }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);
  const page = await clerkAt.newPage();
  await page.goto(`/desk/registry?kind=dwelling&${found}`);
  const rows = page.getByRole("table").getByRole("button", { name: home });
  await rows.waitFor();

  // What is there can be looked at: nothing was entered.
  const dialog = await enterDwelling(page, compound);
  const refused = dialog.getByRole("alert").filter({ hasText: "这里好像已经登记过了" });
  await refused.waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await refused.getByRole("button", { name: "打开已登记的那一条" }).click();
  await dialog.waitFor({ state: "hidden" });
  const panel = page.getByRole("region", { name: "详情", exact: true });
  await panel.getByRole("heading", { name: home }).waitFor();
  await panel.getByRole("button", { name: "核实无误" }).waitFor();
  const notice = panel.getByRole("region", { name: "可能重复登记" });
  expect(await notice.count()).toBe(0);
  expect(await rows.count()).toBe(1);
  await panel.getByRole("button", { name: "关闭" }).click();

  // Another address is asked about again; the same one is entered all the same.
  await enterDwelling(page, compound);
  await refused.waitFor();
  await dialog.getByLabel("室").fill("2103室");
  await refused.waitFor({ state: "detached" });
  await dialog.getByLabel("室").fill("2102室");
  await dialog.getByRole("button", { name: "登记", exact: true }).click();
  await refused.getByRole("button", { name: "确实是另一处，仍然登记" }).click();
  await dialog.waitFor({ state: "hidden" });
  await expect.poll(() => rows.count()).toBe(2);

  await page.getByRole("button", { name: "待定的改动" }).click();
  const inbox = page.getByRole("dialog", { name: "待定的改动" });
  const group = inbox.getByRole("article").filter({ hasText: compound });
  await group.getByText(/2 条/).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await group.getByRole("button", { name: home }).first().click();
  await inbox.waitFor({ state: "hidden" });
  await notice.getByText("好像登记了两次：").waitFor();
  await notice.getByRole("button", { name: home }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await notice.getByRole("button", { name: "合并到这一条" }).click();
  const merging = page.getByRole("dialog", { name: "合并到这一条" });
  await merging.getByText(/那一条归档/).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await merging.getByRole("button", { name: "确定合并" }).click();
  await page.getByText("已合并，有 1 项不一样，请定夺").waitFor();
  await notice.waitFor({ state: "detached" });
  // Where the two differ a person decides: here owner or rented.
  await panel.getByRole("button", { name: "保留原来的" }).waitFor();
  await expect.poll(() => rows.count()).toBe(1);
  expect(await axeFaults(page)).toEqual([]);

  await page.goto(`/desk/registry?kind=dwelling&lack=left&${found}`);
  await rows.click();
  await panel.getByText(/归档：误登/).first().waitFor();
  expect(await notice.count()).toBe(0);
});

it("a ledger of visits is brought in as of its own days, and taken back", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const page = await clerkAt.newPage();
  await page.goto(`/desk/registry?area=${COMMUNITY}&kind=resident`);
  await page.getByRole("button", { name: "导入台账" }).click();
  await page.getByLabel("台账类别").selectOption({ label: "走访记录" });
  await page.getByText("走访按台账上的日期记下，不算今天的工作").waitFor();
  const note = `台账里的走访${Date.now().toString(36)}`;
  const sheet = ["走访日期,网格,走访地点,走访人,走访情况", `2026-08-03,第三网格,3号楼,王老师,${note}`, `昨天,第三网格,3号楼,,${note}`, ""].join("\n");
  await page.getByLabel("选择台账文件").setInputFiles({ name: "走访台账.csv", mimeType: "text/csv", buffer: Buffer.from(sheet) });
  await page.getByRole("button", { name: "预览，不写入" }).click();
  await page.getByText("会新增 1 条，修改 0 条，没有变化 0 条，跳过 0 行，导不进去 1 行。").waitFor();
  await page.getByText("“走访日期”不是日期，请写成 2026-09-01。").first().waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "导入 1 条" }).click();
  await page.getByText("新增 1，修改 0，没有变化 0，跳过 0，未导入 1").waitFor();
  await page.getByRole("button", { name: "整批撤销" }).click();
  await page.getByRole("button", { name: "确定撤销" }).click();
  await page.getByText("撤回 1 条；0 条后来有人改过，保持不动").waitFor();
  await clerkAt.close();
});
