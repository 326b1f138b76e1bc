/** 关爱: a clerk enters somebody with consent, pairs a helper, hands a code over; the person reads who looked, and objects. Services are settled in one talk. */
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { GRID, signIn } from "./support/city";
import type { BrowserContext, Locator, Page } from "playwright-core";

useBrowser();

const ADDRESS = "红旗小区17号楼3单元602室";
/** 示例爷爷庚 of the demo's care.toml: nothing was spoken about with him yet. */
const UNSERVED = "银杏苑3号楼2单元1102室";

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

/** At the counter: identity first, then the code. */
async function codeFrom(page: Page): Promise<string> {
  await page.getByRole("button", { name: "给本人查看码" }).click();
  await page.getByRole("dialog").getByText("看过本人的有效证件").click();
  await page.getByRole("dialog").getByRole("button", { name: "给出查看码" }).click();
  const code = (await page.getByTestId("care-code").innerText()).trim();
  expect(code).toMatch(/^[0-9A-Z]{10}$/);
  return code;
}

/** The line of one service; packages name theirs all in one line. */
const lineOf = (page: Page, name: string): Locator => page.getByRole("listitem").filter({ has: page.getByText(name, { exact: true }) });

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

  const code = await codeFrom(page);

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

it("services are chosen, arranged, given and declined in one talk, and the person asks for one", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const page = await clerkAt.newPage();
  await page.goto("/desk/care?show=all");
  const row = page.getByRole("row").filter({ hasText: UNSERVED });
  await row.getByRole("button").click();
  const panel = page.getByRole("region", { name: "关爱登记" });
  await panel.getByLabel("查看用途").fill("商量需要哪些服务");
  await panel.getByRole("button", { name: "查看", exact: true }).click();
  await lineOf(page, "电话问候").getByText("可提供").waitFor();

  const dialog = page.getByRole("dialog");
  await panel.getByRole("button", { name: "选套餐" }).click();
  await dialog.getByRole("button", { name: "选套餐" }).click();
  await dialog.getByText("请选一份套餐").first().waitFor();
  await dialog.getByLabel(/颐养套餐·居家/).check();
  expect(await axeFaults(page)).toEqual([]);
  await dialog.getByRole("button", { name: "选套餐" }).click();

  // Read again by itself, for the purpose that was given: the next service follows at once.
  const bathing = lineOf(page, "助浴");
  await bathing.getByText("待安排").waitFor();
  await bathing.getByRole("button", { name: "安排", exact: true }).click();
  const inTenDays = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  await dialog.getByLabel("谁来做").fill("示例养老服务中心");
  await dialog.getByLabel("哪一天").fill(inTenDays);
  expect(await axeFaults(page)).toEqual([]);
  await dialog.getByRole("button", { name: "安排", exact: true }).click();
  await bathing.getByText("已安排", { exact: true }).waitFor();
  await bathing.getByText(`示例养老服务中心 · 每 30 天一次 · 下次 ${inTenDays}`).waitFor();

  const call = lineOf(page, "电话问候");
  await call.getByRole("button", { name: "做好了", exact: true }).click();
  await dialog.getByRole("button", { name: "做好了", exact: true }).click();
  await call.getByText(/每 7 天一次 · 下次 \d{4}-\d{2}-\d{2} · 上次 \d{4}-\d{2}-\d{2}/).waitFor();

  const meals = lineOf(page, "送餐上门");
  await meals.getByRole("button", { name: "不要", exact: true }).click();
  await meals.getByText("本人不要", { exact: true }).waitFor();
  expect(await axeFaults(page)).toEqual([]);

  // The list says that a service is to be arranged, and never which.
  await page.getByRole("navigation", { name: "分类" }).getByRole("button", { name: /^服务/ }).click();
  await row.getByText("该安排服务了").waitFor();
  expect(await page.locator("table").innerText()).not.toMatch(/助浴|送餐|电话问候/);
  expect(await axeFaults(page)).toEqual([]);
  await row.getByRole("button").click();
  const code = await codeFrom(page);

  const own = await (await open(PHONE)).newPage();
  await own.goto("/care");
  await own.getByLabel(/^查看码/).fill(code);
  await own.getByRole("button", { name: "查看", exact: true }).click();
  await own.getByRole("heading", { name: "示例爷爷庚，您好" }).waitFor();
  await own.getByRole("heading", { name: "可以享受的服务" }).waitFor();
  await lineOf(own, "助浴").getByText("示例养老服务中心").waitFor();
  const wanted = lineOf(own, "送餐上门");
  await wanted.getByText("您选了不要").waitFor();
  await wanted.getByRole("button", { name: "我需要" }).click();
  await wanted.getByText("正在安排").waitFor();
  expect(await sidewaysBy(own)).toBe(0);
  expect(await axeFaults(own)).toEqual([]);
  // No longer wanted is asked once more.
  await lineOf(own, "助浴").getByRole("button", { name: "不要了" }).click();
  await own.getByRole("dialog").getByRole("button", { name: "确定，不要了" }).click();
  await lineOf(own, "助浴").getByText("您选了不要").waitFor();
});
