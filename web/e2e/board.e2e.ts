/** 指标看板: figures with what they mean, the cases behind each, one's own part of the city and no more. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, sidewaysBy, useBrowser } from "./support/browser";
import { COMMUNITY, signIn, type Who } from "./support/city";

useBrowser();

const COUNTED_WITHIN_MS = 100_000;
const SMALL_DESK = { viewport: { width: 1280, height: 720 } };

async function boardOf(who: Who, query = "", screen = DESK, more = {}): Promise<Page> {
  const context = await open(screen, more);
  await signIn(context, who);
  const page = await context.newPage();
  await page.goto(`/desk/board${query}`);
  await page.locator("[data-figure]").first().waitFor();
  // A city that was just made is still being counted.
  await page.getByText(/^数据截至/).waitFor({ timeout: COUNTED_WITHIN_MS });
  return page;
}

/** The number that a link to cases promises. */
async function promised(page: Page, part: string): Promise<number> {
  const text = await page.locator(`[data-part="${part}"]`).innerText();
  return Number(/([\d,]+)/.exec(text)?.[1]?.replaceAll(",", "") ?? NaN);
}

/** Opens the cases behind a part and walks to the end of the list; how many stand there, hidden ones included. */
async function countedIn(page: Page, part: string): Promise<{ listed: number; said: number }> {
  await page.locator(`[data-part="${part}"]`).click();
  await page.getByText(/^共 \d+ 件/).waitFor();
  for (;;) {
    const more = page.getByRole("button", { name: "再看一些" });
    if ((await more.count()) === 0) break;
    const before = await page.locator("a[data-case]").count();
    await more.click();
    await expect.poll(() => page.locator("a[data-case]").count()).toBeGreaterThan(before);
  }
  const said = Number(/共 (\d+) 件/.exec(await page.getByText(/^共 \d+ 件$/).innerText())?.[1]);
  const listed = await page.locator("a[data-case]").count();
  await page.goBack();
  await page.locator("aside h2").waitFor();
  return { listed, said };
}

it("a number opens exactly its cases, and the parts of a share add up", async () => {
  const page = await boardOf("leader", `?area=${COMMUNITY}`);
  await page.locator('[data-figure="on_time"]').click();
  const whole = await promised(page, "all");
  const met = await promised(page, "met");
  const missed = await promised(page, "missed");
  expect(whole).toBeGreaterThan(0);
  expect(met + missed).toBe(whole);
  expect(await countedIn(page, "missed")).toEqual({ listed: missed, said: missed });
  expect(await countedIn(page, "met")).toEqual({ listed: met, said: met });
  // A count, by its own words.
  await page.locator('[data-figure="reported"]').click();
  await page.getByRole("heading", { name: "登记事项" }).waitFor();
  const reported = await promised(page, "all");
  expect(await countedIn(page, "all")).toEqual({ listed: reported, said: reported });
  // From the list to the case itself.
  await page.locator('[data-part="all"]').click();
  await page.locator("a[data-case]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator(".timeline").waitFor();
});

it("a figure says what it is in plain words, with its past, its course as a picture and as a table, and the areas below in their official order", async () => {
  const page = await boardOf("leader", "?period=quarter");
  await page.locator('[data-figure="satisfied"]').click();
  const panel = page.getByRole("complementary", { name: "满意率" });
  await panel.getByText("反映人表示满意的比率").waitFor();
  await panel.getByText("没有评价、回访联系不上的不算", { exact: false }).waitFor();
  await panel.getByText("去年同期").waitFor();
  await panel.locator(".box svg").waitFor();
  await panel.getByText("看数字表").click();
  expect(await panel.locator("details tbody tr").count()).toBeGreaterThan(5);
  await panel.getByText("按区划代码排列，不按高低。").waitFor();
  const codes = await panel.locator("section", { hasText: "下级区域" }).getByRole("link").evaluateAll((links) => links.map((link) => new URL((link as HTMLAnchorElement).href).searchParams.get("area") ?? ""));
  expect(codes.length).toBeGreaterThan(1);
  expect(codes).toEqual([...codes].sort());
});

it("the keyboard opens a figure, reads it and comes back to where it was", async () => {
  const page = await boardOf("clerk");
  await page.locator('[data-figure="days_to_settle"]').focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "办结用时", level: 2 }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("办结用时");
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-figure"))).toBe("days_to_settle");
});

it("a clerk goes down from their community and not above it; a department sees its own alone", async () => {
  const clerk = await boardOf("clerk");
  await clerk.getByRole("heading", { level: 1, name: "临渭区站南街道红旗社区" }).waitFor();
  const way = clerk.getByRole("navigation", { name: "看哪里的" });
  // Nothing leads up.
  expect(await way.getByRole("link").count()).toBe(0);
  await way.getByLabel("下级区域…").selectOption({ label: "第三网格" });
  await clerk.getByRole("heading", { level: 1, name: /第三网格$/ }).waitFor();
  await expect.poll(() => way.getByRole("link").allInnerTexts()).toEqual(["红旗社区"]);
  await clerk.goto("/desk/board?area=610502000000");
  await clerk.getByRole("alert").waitFor();
  expect(await clerk.locator("[data-figure]").count()).toBe(0);

  const department = await boardOf("department");
  await department.getByRole("heading", { level: 1, name: "城市管理执法局" }).waitFor();
  expect(await department.getByLabel("下级区域…").count()).toBe(0);
  expect(await department.getByLabel("部门…").count()).toBe(0);
  await department.locator('[data-figure="on_time"]').click();
  await department.getByText("承办单位在时限内办结的比率", { exact: false }).waitFor();
  expect(await department.getByText("按区划代码排列").count()).toBe(0);
  await department.goto("/desk/board?unit=610502000000%2Fhousing");
  await department.getByRole("alert").waitFor();
  expect(await department.locator("[data-figure]").count()).toBe(0);
});

it("own days are checked before they are asked for, and stand in the address", async () => {
  const page = await boardOf("clerk");
  await page.getByRole("button", { name: "自选" }).click();
  await page.getByLabel("从", { exact: true }).fill("2026-11-20");
  await page.getByLabel("到", { exact: true }).fill("2026-11-01");
  await page.getByRole("button", { name: "查看" }).click();
  await page.getByRole("alert").getByText("结束日期早于开始日期").waitFor();
  await page.getByLabel("到", { exact: true }).fill("2026-11-25");
  await page.getByRole("button", { name: "查看" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("to")).toBe("2026-11-25");
  await page.getByText("2026-11-20 – 2026-11-25").first().waitFor();
  await page.getByRole("link", { name: "本月" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("period")).toBe("month");
  await page.getByText(/^数据截至 .+，落后 \d+ 秒$/).waitFor();
});

it("the board is taken out as a spreadsheet", async () => {
  const page = await boardOf("street", "?period=month");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "导出 Excel" }).click()]);
  expect(download.suggestedFilename()).toMatch(/\.xlsx$/);
  const bytes = readFileSync(await download.path());
  // A zip, as every xlsx is.
  expect([bytes.subarray(0, 2).toString(), bytes.length > 2_000]).toEqual(["PK", true]);
});

it("the wall leads to the board of its area", async () => {
  const context = await open(DESK);
  await signIn(context, "leader");
  const page = await context.newPage();
  await page.goto("/wall/");
  await page.getByRole("link", { name: /^看指标/ }).click();
  await page.waitForURL(/\/desk\/board\?area=610502000000/);
  await page.locator("[data-figure]").first().waitFor();
});

it("the pages fit a small desk, by day and by night, and block nobody", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await boardOf("leader", "?show=on_time", SMALL_DESK, { colorScheme });
    await page.locator("aside .box svg").waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(await sidewaysBy(page)).toBe(0);
    await page.locator('[data-part="all"]').click();
    await page.locator("a[data-case]").first().waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(await sidewaysBy(page)).toBe(0);
  }
});
