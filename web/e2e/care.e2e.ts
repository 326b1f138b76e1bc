/** 关爱: a clerk enters somebody with consent, pairs a helper, hands a code over; the person reads who looked, and objects. */
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, useBrowser } from "./support/browser";
import { GRID, signIn } from "./support/city";
import type { BrowserContext } from "playwright-core";

useBrowser();

const ADDRESS = "红旗小区17号楼3单元602室";

/** A resident of the registry, as the grid worker enters them on the round. */
async function resident(context: BrowserContext): Promise<void> {
  const enter = async (kind: string, fields: Record<string, string>): Promise<string> => {
    const answer = await context.request.post(`/api/registry/${kind}`, { data: { area_code: GRID, fields }, headers: { Origin: origin() } });
    expect(answer.status(), await answer.text()).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  };
  const dwelling = await enter("dwellings", { compound: "红旗小区", building: "17号楼", unit: "3单元", room: "602室", dwelling_use: "living", occupancy: "owner" });
  const household = await enter("households", { dwelling_id: dwelling });
  await enter("residents", { household_id: household, name: "示例老人", relation: "head", birth_month: "1942-04" });
}

it("a person is entered with consent, paired, reads who looked, and stops the visits", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  await resident(clerkAt);
  const page = await clerkAt.newPage();
  await page.goto("/desk/care");
  await page.getByRole("heading", { name: "关爱" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);

  await page.getByRole("button", { name: "登记", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("住址").fill("红旗小区17号楼3单元602室");
  await dialog.getByRole("button", { name: "查找" }).click();
  await dialog.getByLabel(new RegExp(ADDRESS)).check();
  await dialog.getByLabel("类别").selectOption({ label: "独居、空巢老人" });
  await dialog.getByLabel("关爱计划").selectOption({ label: "独自居住" });
  await dialog.getByLabel(/希望怎样联系/).fill("下午来，先敲门");
  // Without consent and an end nobody is entered.
  await dialog.getByRole("button", { name: "登记", exact: true }).click();
  await dialog.getByText("请填到期日").first().waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await dialog.getByLabel("本人", { exact: true }).check();
  await dialog.getByLabel("书面签字").check();
  const inAYear = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
  await dialog.getByLabel("到期日").fill(inAYear);
  await dialog.getByRole("button", { name: "登记", exact: true }).click();

  const panel = page.getByRole("region", { name: "关爱登记" });
  await panel.getByText(ADDRESS).waitFor();
  expect(await page.locator("table").innerText()).not.toContain("独居");
  await panel.getByLabel("谁来结对").selectOption({ label: "网格员党晓燕" });
  await panel.getByRole("button", { name: "安排结对" }).click();
  await panel.getByRole("listitem").filter({ hasText: "党晓燕" }).first().waitFor();
  await panel.getByLabel("查看用途").fill("告诉网格员怎样联系");
  await panel.getByRole("button", { name: "查看", exact: true }).click();
  await panel.getByText("独居、空巢老人").waitFor();
  expect(await axeFaults(page)).toEqual([]);

  // At the counter: identity first, then the code.
  await panel.getByRole("button", { name: "给本人查看码" }).click();
  await page.getByRole("dialog").getByText("看过本人的有效证件").click();
  await page.getByRole("dialog").getByRole("button", { name: "给出查看码" }).click();
  const code = (await page.getByTestId("care-code").innerText()).trim();
  expect(code).toMatch(/^[0-9A-Z]{10}$/);

  // The person, on their own phone.
  const personAt = await open(PHONE);
  const own = await personAt.newPage();
  await own.goto("/care");
  await own.getByLabel(/^查看码/).fill("0000000000");
  await own.getByRole("button", { name: "查看", exact: true }).click();
  await own.getByText("查看码不对").first().waitFor();
  expect(await axeFaults(own)).toEqual([]);
  await own.getByLabel(/^查看码/).fill(code.toLowerCase());
  await own.getByRole("button", { name: "查看", exact: true }).click();
  await own.getByRole("heading", { name: "示例老人，您好" }).waitFor();
  await own.getByText("本人同意，书面签字").waitFor();
  await own.getByText("红旗社区社区工作人员").waitFor();
  await own.getByText("用途：告诉网格员怎样联系").waitFor();
  expect(await axeFaults(own)).toEqual([]);
  await own.getByRole("button", { name: "不要再上门" }).click();
  await own.getByRole("dialog").getByRole("button", { name: "确定，不要再上门" }).click();
  await own.getByText("您提出了不要上门，走访已停止").first().waitFor();
  // The page is loaded again and still open; closed, it is closed.
  await own.reload();
  await own.getByText("您提出了不要上门，走访已停止").first().waitFor();
  await own.getByRole("button", { name: "看完了，关闭" }).click();
  await own.getByLabel(/^查看码/).waitFor();

  await page.goto("/desk/care?show=still");
  await page.getByRole("row").filter({ hasText: ADDRESS }).getByText("本人不要上门").waitFor();
});

it("a grid head is told that a visit is due, and nothing else", async () => {
  const headAt = await open(DESK);
  await signIn(headAt, "head");
  const page = await headAt.newPage();
  await page.goto("/desk/care?show=all");
  await page.getByRole("button", { name: "示****" }).first().click();
  const panel = page.getByRole("region", { name: "关爱登记" });
  await panel.getByText("下次走访").waitFor();
  expect(await panel.getByLabel("查看用途").count()).toBe(0);
  expect(await panel.getByRole("button", { name: "给本人查看码" }).count()).toBe(0);
  expect(await axeFaults(page)).toEqual([]);
});
