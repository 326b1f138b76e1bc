/** 报表: the workbook that the street asks for is uploaded once and fills itself; names go out when a second person agrees; of visits it is of a time. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, useBrowser } from "./support/browser";
import { GRID, signIn } from "./support/city";
import { rowsIn } from "./support/xlsx";

useBrowser();

const TEMPLATE = fileURLToPath(new URL("../../crates/linli-server/tests/all/ledgers/people.xlsx", import.meta.url));
/** An empty workbook with one row of headers. */
const VISITS = fileURLToPath(new URL("./support/visits.xlsx", import.meta.url));
const BEIJING_MS = 8 * 3_600_000;

it("a ledger is uploaded once, fills itself, and names in it need a second person", async () => {
  const clerkAt = await open(DESK, { acceptDownloads: true });
  await signIn(clerkAt, "clerk");
  const page = await clerkAt.newPage();
  await page.goto("/desk/ledgers");
  await page.getByText("还没有登记报表").waitFor();
  expect(await axeFaults(page)).toEqual([]);

  await page.getByLabel("空表文件").setInputFiles(TEMPLATE);
  await page.getByLabel("名称", { exact: true }).fill("常住人口台账");
  await page.getByLabel("谁要", { exact: true }).fill("向阳街道办事处");
  await page.getByRole("button", { name: "登记", exact: true }).click();
  const card = page.getByRole("article").filter({ hasText: "常住人口台账" });
  await card.getByText("共 29 列", { exact: false }).waitFor();
  await card.getByText("每列填什么").click();
  await card.getByText(/政治面貌：不收政治面貌/).waitFor();
  expect(await axeFaults(page)).toEqual([]);

  await card.getByRole("button", { name: "填好下载" }).click();
  await page.getByLabel("用途", { exact: true }).fill("上报街道十月底数");
  const download = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "下载" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("常住人口台账.xlsx");
  expect((await readFile(await file.path())).subarray(0, 2).toString()).toBe("PK");
  await page.getByText("已下载").waitFor();

  await card.getByRole("button", { name: "填好下载" }).click();
  await page.getByLabel("用途", { exact: true }).fill("社区体检排班");
  await page.getByLabel("填入姓名、电话、身份证号").check();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "申请导出" }).click();
  await page.getByText("等第二个人同意").waitFor();
  expect(await page.getByRole("button", { name: "同意导出" }).count()).toBe(0);

  const streetAt = await open(DESK);
  await signIn(streetAt, "street");
  const other = await streetAt.newPage();
  await other.goto("/desk/ledgers");
  await other.getByRole("listitem").filter({ hasText: "社区体检排班" }).getByRole("button", { name: "同意导出" }).click();
  await other.getByText(/已同意/).first().waitFor();

  await page.reload();
  const asked = page.getByRole("listitem").filter({ hasText: "社区体检排班" });
  const second = page.waitForEvent("download");
  await asked.getByRole("button", { name: "下载" }).click();
  await second;

  await card.getByRole("button", { name: "这次是手工填的" }).click();
  await page.getByLabel("填了多少行").fill("40");
  await page.getByRole("button", { name: "记下" }).click();
  await page.getByRole("region", { name: "填表负担" }).getByRole("row").nth(1).waitFor();
});

it("a ledger of visits is filled with those of the time that was asked for", async () => {
  const words = `${Date.now().toString(36)}楼道堆放杂物，已劝导`;
  const workerAt = await open(PHONE);
  await signIn(workerAt, "worker");
  const made = await workerAt.request.post("/api/visits", { data: { kind: "patrol", area_code: GRID, note: words }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);

  const clerkAt = await open(DESK, { acceptDownloads: true });
  await signIn(clerkAt, "clerk");
  const page = await clerkAt.newPage();
  await page.goto("/desk/ledgers");
  await expect.poll(() => page.getByLabel("空表文件").isEnabled()).toBe(true);
  await page.getByLabel("空表文件").setInputFiles(VISITS);
  await page.getByLabel("名称", { exact: true }).fill("月度走访台账");
  await page.getByLabel("谁要", { exact: true }).fill("向阳街道办事处");
  await page.getByLabel("填什么", { exact: true }).selectOption({ label: "走访记录" });
  await page.getByRole("button", { name: "登记", exact: true }).click();
  const card = page.getByRole("article").filter({ hasText: "月度走访台账" });
  await card.getByText("共 6 列，6 列自动填").waitFor();
  await card.getByText("每月 · 走访记录", { exact: false }).waitFor();
  await card.getByText("每列填什么").click();
  expect(await card.getByRole("combobox").evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).value))).toEqual(["day", "grid", "address", "worker", "note", "result"]);
  expect(await axeFaults(page)).toEqual([]);

  const today = new Date(Date.now() + BEIJING_MS).toISOString().slice(0, 10);
  const first = `${today.slice(0, 8)}01`;
  await card.getByRole("button", { name: "填好下载" }).click();
  const dialog = page.getByRole("dialog");
  const [from, to] = [dialog.getByLabel("从", { exact: true }), dialog.getByLabel("到", { exact: true })];
  expect([await from.inputValue(), await to.inputValue()]).toEqual([first, today]);
  // Nothing in a ledger of visits needs a second person.
  expect(await dialog.getByLabel("填入姓名、电话、身份证号").count()).toBe(0);
  await dialog.getByLabel("用途", { exact: true }).fill("上报街道本月走访");
  await dialog.getByRole("button", { name: "上月", exact: true }).click();
  expect((await to.inputValue()) < first, "the month before ends before this one begins").toBe(true);
  await from.fill(today);
  await dialog.getByRole("button", { name: "下载", exact: true }).click();
  await dialog.getByText("“到”不能早于“从”").first().waitFor();
  expect(await to.getAttribute("aria-invalid")).toBe("true");
  expect(await axeFaults(page)).toEqual([]);

  await dialog.getByRole("button", { name: "本月", exact: true }).click();
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "下载", exact: true }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("月度走访台账.xlsx");
  const rows = rowsIn(await readFile(await file.path()));
  expect(rows[0]).toContain("走访日期");
  expect(rows.length).toBeGreaterThan(1);
  const own = rows.find((row) => row.includes(words)) ?? "";
  expect(own).toContain(today);
  expect(own).toContain("党晓燕");

  const sent = page.getByRole("listitem").filter({ hasText: "上报街道本月走访" });
  await sent.getByText(`${first} 至 ${today}`).waitFor();
  await sent.getByText("已下载", { exact: true }).waitFor();
});
