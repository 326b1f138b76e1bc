/** 报表: the workbook that the street asks for is uploaded once and fills itself; names go out when a second person agrees. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, useBrowser } from "./support/browser";
import { signIn } from "./support/city";

useBrowser();

const TEMPLATE = fileURLToPath(new URL("../../crates/linli-server/tests/all/ledgers/people.xlsx", import.meta.url));

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
