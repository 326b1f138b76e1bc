/** The residents' face: small screens, large letters, bad luck and haste. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { DESK, PHONE, SMALL_PHONE, open, openAt, sidewaysBy, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, aBuilding, act, report, REPLY, signIn } from "./support/city";
import { onFromWhere } from "./support/resident";

useBrowser();

const WORDS = "单元门口的垃圾三天没人收，味道很大";

async function writeWhat(page: Page, words = WORDS): Promise<void> {
  await page.goto("/report");
  await page.getByLabel("把事情说清楚").fill(words);
}
const next = (page: Page): Promise<void> => page.getByRole("button", { name: "下一步" }).click();

/** Goes on to a place by its name. */
async function searchPlace(page: Page, name: string): Promise<void> {
  await page.getByLabel("社区、街道或网格的名字").fill(name);
  await page.getByRole("button", { name: new RegExp(name) }).first().click();
  await page.getByText("谁来受理").waitFor();
}

async function sendWithout(page: Page): Promise<string> {
  await page.getByRole("button", { name: "不留电话，下一步" }).click();
  await page.getByRole("button", { name: "提交" }).click();
  await page.getByRole("heading", { name: "已经收到" }).waitFor();
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** A case that waits for its resident's rating: the longest page that a resident sees. */
async function settledCase(): Promise<string> {
  const workerAt = await open(DESK);
  await signIn(workerAt, "worker");
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const code = await report({ text: WORDS, area_code: GRID, category: "lamp", phone: "19900004321" });
  await act(workerAt, code, "take", {});
  await act(workerAt, code, "settle", { reply: REPLY });
  await act(clerkAt, code, "verify", {});
  return code;
}

describe("no page scrolls sideways", () => {
  for (const [name, screen] of [["390 px", PHONE], ["320 px", SMALL_PHONE]] as const) {
    it(`on a phone of ${name}`, async () => {
      const code = await settledCase();
      const page = await openAt("/", screen);
      const widths: Record<string, number> = {};
      const look = async (at: string): Promise<void> => {
        widths[at] = await sidewaysBy(page);
      };
      await page.getByRole("link", { name: "我要反映问题" }).waitFor();
      await look("landing");
      await writeWhat(page, "路灯坏了");
      await page.getByRole("radio", { name: /路灯不亮/ }).waitFor();
      await look("what");
      await next(page);
      await look("where");
      await searchPlace(page, "红旗社区");
      await look("where chosen");
      await onFromWhere(page);
      await look("contact");
      await page.getByRole("button", { name: "不留电话，下一步" }).click();
      await look("check");
      await page.goto(`/c/${code}`);
      await page.getByText("已经办完，请您评价").waitFor();
      await look("follow");
      await page.goto(`/sent/${code}`);
      await page.getByRole("heading", { name: "已经收到" }).waitFor();
      await look("sent");
      expect(Object.entries(widths).filter(([, by]) => by > 0)).toEqual([]);
    });
  }
});

it("the elders' form has letters of at least 18 px and main targets of at least 60 px on every step", async () => {
  const code = await settledCase();
  const page = await openAt("/", PHONE);
  await page.getByRole("button", { name: "长辈版" }).click();
  const measure = async (at: string): Promise<string[]> =>
    page.evaluate((where) => {
      const faults: string[] = [];
      const isShown = (element: Element): boolean => {
        const box = element.getBoundingClientRect();
        return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility !== "hidden";
      };
      for (const element of document.querySelectorAll("body *")) {
        const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? "").trim() !== "");
        if (!hasText || !isShown(element) || element.closest(".sr-only, script, style, option, .maplibregl-map") !== null) continue;
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (size < 18) faults.push(`${where}: ${size} px “${(element.textContent ?? "").trim().slice(0, 20)}”`);
      }
      for (const element of document.querySelectorAll("main .ui-button, main button[type=submit], main .ui-control, main .option, main .hit, main .star")) {
        if (!isShown(element)) continue;
        const { height } = element.getBoundingClientRect();
        if (height < 60) faults.push(`${where}: target of ${Math.round(height)} px “${(element.textContent ?? "").trim().slice(0, 20)}”`);
      }
      return faults;
    }, at);
  const faults = await measure("landing");
  await writeWhat(page, "路灯坏了");
  await page.getByRole("radio", { name: /路灯不亮/ }).waitFor();
  faults.push(...(await measure("what")));
  await next(page);
  faults.push(...(await measure("where")));
  await searchPlace(page, "红旗社区");
  faults.push(...(await measure("where chosen")));
  await onFromWhere(page);
  faults.push(...(await measure("contact")));
  await page.goto(`/c/${code}`);
  await page.getByText("已经办完，请您评价").waitFor();
  faults.push(...(await measure("follow")));
  expect(faults).toEqual([]);
});

it("a draft survives a reload, with its photo, its place and its words", async () => {
  const page = await openAt("/", PHONE);
  await writeWhat(page);
  await next(page);
  await searchPlace(page, "红旗社区");
  await page.getByLabel("再具体一点").fill("3号楼2单元门口");
  await page.reload();
  expect(await page.getByLabel("再具体一点").inputValue()).toBe("3号楼2单元门口");
  await page.goto("/");
  await page.getByRole("link", { name: "接着写上次没写完的" }).click();
  expect(await page.getByLabel("把事情说清楚").inputValue()).toBe(WORDS);
});

it("words of danger bring the numbers to call in place of the form, until the resident says that it is not urgent", async () => {
  const page = await openAt("/", PHONE);
  await writeWhat(page, "楼道里有人的电动车着火了，在冒烟");
  await page.getByRole("heading", { name: "这件事可能很急，请先打电话" }).waitFor();
  expect(await page.getByRole("link", { name: "拨打 119" }).getAttribute("href")).toBe("tel:119");
  expect(await page.getByRole("button", { name: "下一步" }).count()).toBe(0);
  await page.getByRole("button", { name: "现在没有危险，继续填写" }).click();
  await page.getByRole("button", { name: "下一步" }).waitFor();
});

it("what is missing is said at the top, and each line leads to its field", async () => {
  const page = await openAt("/report", PHONE);
  await next(page);
  const summary = page.getByRole("alert").filter({ hasText: "还有地方需要改一下" });
  await summary.getByRole("link", { name: "请说一说是什么事" }).click();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("what-text");
  await writeWhat(page);
  await next(page);
  await searchPlace(page, "红旗社区");
  await onFromWhere(page);
  await page.getByLabel("手机号码").fill("1990000");
  await next(page);
  await page.getByRole("link", { name: "这个号码好像少了或多了数字，请再看一下" }).waitFor();
});

it("a resident reports by the name of the place, is told the promise, and follows by the code on another phone", async () => {
  const page = await openAt("/", PHONE);
  await writeWhat(page);
  await next(page);
  await searchPlace(page, "红旗社区");
  await onFromWhere(page);
  const code = await sendWithout(page);
  expect(await page.locator(".promise").innerText()).toMatch(/\d+月\d+日18:00前答复|今天18:00前答复|明天18:00前答复/);

  const other = await openAt("/", PHONE);
  // As people copy it: with spaces and in small letters.
  await other.getByLabel("查询编号").fill(` ${code.slice(0, 4)} ${code.slice(4)}`.toLowerCase());
  await other.getByRole("button", { name: "查进度" }).click();
  await other.getByText(WORDS).first().waitFor();
  await other.goto("/c/NOTACODE99");
  await other.getByText("没有查到这个编号").waitFor();
});

it("a resident points at the map, and the report goes to the grid that lies there", async () => {
  const page = await openAt("/", PHONE);
  await writeWhat(page, "路灯坏了，这一段都是黑的");
  await page.getByRole("radio", { name: /路灯不亮/ }).check();
  await next(page);
  await searchPlace(page, "红旗社区");
  await page.getByRole("button", { name: "在地图上指一下具体位置" }).click();
  const map = page.locator(".maplibregl-canvas");
  await map.waitFor();
  await page.locator(".map-label").first().waitFor();
  const box = await map.boundingBox();
  if (box === null) throw new Error("the map has no size");
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.getByRole("button", { name: "就是这里" }).click();
  await page.getByText(/红旗社区第.+网格/).first().waitFor();
  await onFromWhere(page);
  const code = await sendWithout(page);
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const { area, point } = (await (await clerkAt.request.get(`/api/cases/${code}`)).json()) as { area: { code: string }; point: { lon: number } | null };
  expect(area.code.startsWith(COMMUNITY)).toBe(true);
  expect(area.code.length).toBeGreaterThan(COMMUNITY.length);
  expect(point).not.toBeNull();
});

it("a resident who knows no name walks down the list of areas to the community", async () => {
  const page = await openAt("/", PHONE);
  await writeWhat(page);
  await next(page);
  await page.getByRole("button", { name: "从列表选" }).click();
  for (const name of ["渭南市", "临渭区", "站南街道", "红旗社区"]) await page.getByRole("button", { name, exact: true }).click();
  await page.getByRole("button", { name: "就选红旗社区" }).click();
  await page.getByText("谁来受理").waitFor();
});

it("the code at a door names the place and its worker", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const building = await aBuilding(clerkAt);
  const page = await openAt(`/?qr=${building.code}`, PHONE);
  await page.getByText(building.name).first().waitFor();
  await page.getByText("党晓燕").waitFor();
  expect(await page.getByRole("link", { name: /打电话/ }).getAttribute("href")).toMatch(/^tel:1990000\d{4}$/);
  const other = await openAt("/?qr=NOSUCHCODE", PHONE);
  await other.getByText("这个二维码没有登记，后面请您自己选地点。").waitFor();
});

it("the language can be changed, and stays changed", async () => {
  const page = await openAt("/", PHONE);
  await page.getByLabel("语言").selectOption("en");
  await page.getByRole("link", { name: "Report something" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
  await page.reload();
  await page.getByRole("link", { name: "Report something" }).waitFor();
  await page.getByLabel("Language").selectOption("zh-TW");
  await page.getByRole("link", { name: "我要反映問題" }).waitFor();
});
