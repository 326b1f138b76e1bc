/** 底数: a community brings its ledger in, without the column that linli does not keep, and takes it back. */
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, useBrowser } from "./support/browser";
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

  await page.getByRole("button", { name: /开始导入/ }).click();
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
