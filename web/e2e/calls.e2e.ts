/** The hotline: a call taken while somebody speaks, a caller who calls again, and calling back. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, useBrowser } from "./support/browser";
import { GRID, REPLY, act, caseOf, report, signIn, type Who } from "./support/city";

useBrowser();

async function deskPage(who: Who, path: string): Promise<Page> {
  const at = await open(DESK);
  await signIn(at, who);
  const page = await at.newPage();
  await page.goto(path);
  return page;
}

const focusedLabel = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement;
    return at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? (at.labels?.[0]?.innerText ?? "") : "";
  });

/** The page of calls, with the keyboard where a call begins. */
async function callPage(): Promise<Page> {
  const page = await deskPage("hotline", "/desk/call");
  await expect.poll(() => focusedLabel(page)).toMatch(/^来电号码/);
  return page;
}

/** Presses Tab until the focus is on a field of that name. */
async function tabTo(page: Page, label: string): Promise<void> {
  for (let presses = 0; presses < 12; presses += 1) {
    if ((await focusedLabel(page)).startsWith(label)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`“${label}” is not reached; the focus is on “${await focusedLabel(page)}”`);
}

/** Types a place and takes the first that is offered. */
async function choosePlace(page: Page, words: string): Promise<void> {
  await page.keyboard.type(words);
  await page.getByRole("option", { name: new RegExp(words) }).first().waitFor();
  await page.keyboard.press("Enter");
}

it("a call is taken with the keyboard alone, and the caller is told who will answer and by when", async () => {
  const page = await callPage();
  await page.keyboard.type("19911116611");
  await page.keyboard.press("Enter");
  await page.getByText("这个号码没有反映过别的事").waitFor();
  expect(page.url()).not.toContain("6611");
  await page.keyboard.press("F4");
  await expect.poll(() => focusedLabel(page)).toMatch(/^来电人说什么/);
  await page.keyboard.type("小区东门进来第二根杆子上的路灯坏了，晚上回家看不见台阶");
  // What the words suggest stands right behind them.
  await page.getByRole("button", { name: "路灯不亮" }).first().waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await tabTo(page, "在哪里");
  await choosePlace(page, "红旗社区");
  const preview = page.getByRole("complementary", { name: "登记后会这样办" });
  await preview.getByText("答复时间").waitFor();
  expect(await preview.getByRole("listitem").count()).toBeGreaterThan(0);
  await page.keyboard.press("Control+Enter");
  const told = page.getByRole("region", { name: "请告诉来电人" });
  await told.getByText(/文号 610502-\d{4}-\d+，查询码/).waitFor();
  await told.getByText(/由.*办理，.*前答复您/).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  // The focus is on the next call already.
  await page.keyboard.press("Enter");
  await expect.poll(() => focusedLabel(page)).toMatch(/^来电号码/);
  expect(await page.getByLabel("来电人说什么").inputValue()).toBe("");
});

it("who calls again about the same is heard in the case that is there, and those who have it are told", async () => {
  const code = await report({ text: "楼下的井盖一踩就响，夜里吵得睡不着", area_code: GRID, category: "lamp", phone: "19911116622" });
  const page = await callPage();
  await page.keyboard.type("19911116622");
  await page.keyboard.press("Enter");
  await page.getByText("反映过1件，1件在办").waitFor();
  await page.getByRole("button", { name: /井盖一踩就响/ }).click();
  const words = page.getByLabel("来电人这次怎么说");
  await words.fill("说好今天来人，到现在还没来");
  await page.getByRole("button", { name: "催办，记到这件" }).click();
  await page.getByRole("region", { name: "请告诉来电人" }).getByText("并提醒了承办的人", { exact: false }).waitFor();
  const at = await open(DESK);
  await signIn(at, "hotline");
  const after = await caseOf(at, code);
  expect(after.timeline.at(-1)).toMatchObject({ type: "urged", text: "说好今天来人，到现在还没来" });
  // The resident reads it too, and that somebody looked.
  const resident = await (await open(DESK)).newPage();
  await resident.goto(`/c/${code}`);
  await resident.getByText("说好今天来人，到现在还没来").waitFor();
  await resident.getByText(/用途：接听来电，核对以前反映的事/).waitFor();
});

it("the same matter of somebody else is found while the caller speaks, and theirs follows it", async () => {
  const first = await report({ text: "幸福巷口的路灯全都不亮，黑漆漆一片", area_code: GRID, category: "lamp" });
  const page = await callPage();
  await page.keyboard.press("F4");
  await page.keyboard.type("幸福巷口路灯不亮，全都黑漆漆的");
  await page.getByRole("button", { name: "路灯不亮" }).first().click();
  await page.getByRole("combobox", { name: "在哪里" }).focus();
  await choosePlace(page, "红旗社区");
  const alike = page.locator(".alike li", { hasText: "幸福巷口的路灯全都不亮" });
  await alike.waitFor();
  await page.keyboard.press("F8");
  await alike.getByRole("button", { name: "并入，一起办理" }).click();
  await page.getByText(/将并入 610502-/).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.press("Control+Enter");
  await page.getByText("合在一起办理，办完一并答复您", { exact: false }).waitFor();
  const at = await open(DESK);
  await signIn(at, "hotline");
  expect((await caseOf(at, first)).links.map((link) => link.relation)).toContain("follower");
});

it("a call that is broken off waits, and nothing of it is lost when the line to the server is", async () => {
  const page = await callPage();
  await page.getByLabel("来电号码").fill("19911116644");
  await page.keyboard.press("F4");
  await page.keyboard.type("门口的健身器材松了，话说到一半断了");
  await page.keyboard.press("F9");
  await expect.poll(() => page.getByLabel("来电人说什么").inputValue()).toBe("");
  // Another page and back: the call is still there, and nothing of it is on the disk.
  await page.getByRole("link", { name: "待办" }).click();
  await page.locator(".rail").waitFor();
  await page.getByRole("link", { name: "接听登记" }).click();
  await page.getByRole("button", { name: /继续：门口的健身器材/ }).click();
  await expect.poll(() => page.getByLabel("来电人说什么").inputValue()).toContain("话说到一半断了");
  expect(await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]))).not.toContain("健身器材");
  await page.getByRole("combobox", { name: "在哪里" }).focus();
  await choosePlace(page, "红旗社区");
  await page.route("**/api/cases", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await page.keyboard.press("Control+Enter");
  await page.getByRole("alert").filter({ hasText: "网络不通" }).waitFor();
  expect(await page.getByLabel("来电人说什么").inputValue()).toContain("话说到一半断了");
  await page.unroute("**/api/cases");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("region", { name: "请告诉来电人" }).waitFor();
});

it("a clerk calls back one resident after another, with the keyboard alone", async () => {
  const code = await report({ text: "电动车充电桩插上没反应，试了三个都不行", area_code: GRID, category: "lamp", phone: "19911116655", name: "赵师傅" });
  const worker = await open(DESK);
  await signIn(worker, "worker");
  const clerk = await open(DESK);
  await signIn(clerk, "clerk");
  await act(worker, code, "take", {});
  await act(worker, code, "settle", { reply: REPLY });
  await act(clerk, code, "verify", {});
  const hotline = await open(DESK);
  await signIn(hotline, "hotline");
  // Tried once: it is on the list whether it was drawn or not.
  await act(hotline, code, "follow_up", { reached: false, solved: false, satisfied: false });
  const page = await hotline.newPage();
  await page.goto("/desk/inbox?box=to_follow_up");
  await page.getByRole("link", { name: "回访名单" }).click();
  const row = page.getByRole("button", { name: /电动车充电桩/ });
  await row.click();
  expect(await row.innerText()).toContain("打过1次没接通");
  const one = page.getByRole("article", { name: "回访" });
  await one.getByText("换了灯泡和整流器", { exact: false }).waitFor();
  expect(await page.getByText("19911116655").count()).toBe(0);
  await page.keyboard.press("v");
  await one.getByRole("link", { name: "19911116655" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  // Reached, solved, satisfied: three answers, each by the arrows.
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("radio");
  await page.keyboard.press("Space");
  await one.getByRole("group", { name: /解决了吗/ }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Control+Enter");
  await page.getByText("已记下回访结果").waitFor();
  await expect.poll(() => row.count()).toBe(0);
  expect((await caseOf(hotline, code)).follow_up).toMatchObject({ reached: true, solved: true, satisfied: true });
});
