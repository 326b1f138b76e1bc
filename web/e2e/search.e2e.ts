/** The one search box of the desk: words, places by the first letters of their pinyin, and why each case is shown. */
import { expect, it } from "vitest";
import { DESK, open, useBrowser } from "./support/browser";
import { GRID, report, signIn } from "./support/city";

useBrowser();

it("a clerk types the first letters of a place, then words, and sees where they stand", async () => {
  const code = await report({ text: "凉亭的栏杆松了，孩子一靠就晃", area_code: GRID, address: "凉亭北侧" });
  await report({ text: "滑梯边上的螺丝露出来了", area_code: GRID, address: "凉亭旁边" });
  const at = await open(DESK);
  await signIn(at, "clerk");
  const page = await at.newPage();
  await page.goto("/desk/inbox?box=all_open");
  await page.locator("table a[data-case]").first().waitFor();

  // "/" leads to the box; two letters are enough for places to be offered, and nothing is chosen until an arrow says so.
  await page.keyboard.press("/");
  const search = page.getByRole("combobox", { name: "搜索事项" });
  await page.keyboard.type("凉亭 hqsq");
  const offered = page.getByRole("listbox", { name: "按地名筛选" });
  await offered.getByRole("option").filter({ hasText: "红旗社区" }).first().waitFor();
  expect(await search.getAttribute("aria-activedescendant")).toBeNull();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/area=\d+/);
  expect(new URL(page.url()).searchParams.get("q")).toBe("凉亭");
  expect(await search.inputValue()).toBe("凉亭");

  // What was said before the words for a place; each with what was found, marked.
  const rows = page.locator("table a[data-case]");
  await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining("凉亭的栏杆松了"), expect.stringContaining("滑梯边上")]);
  await expect.poll(() => page.locator("table mark").allInnerTexts()).toEqual(["凉亭", "凉亭"]);
  await page.locator("table .where", { hasText: "地点" }).waitFor();

  // The same in pinyin, without choosing: the place is understood, and said.
  await search.fill("hqsq 凉亭 栏杆");
  await search.press("Escape");
  await search.press("Enter");
  await page.getByRole("status").filter({ hasText: "按地名理解" }).filter({ hasText: "红旗社区" }).waitFor();
  await expect.poll(() => rows.count()).toBe(1);

  // By its code, however it is typed; opening a box ends the search.
  await search.fill(code.toLowerCase());
  await search.press("Enter");
  await page.locator("table mark", { hasText: code }).waitFor();
  await page.getByRole("navigation", { name: "待办" }).getByRole("link", { name: /全部在办/ }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBeNull();
  expect(await search.inputValue()).toBe("");
});
