/** Chromium, and the screens that people sit at. */
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";

// The map needs WebGL; a machine without a graphics card draws it in software.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-lcd-text", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A resident's or a grid worker's phone. */
export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
/** The smallest phone that we serve. */
export const SMALL_PHONE: BrowserContextOptions = { ...PHONE, viewport: { width: 320, height: 640 } };
/** A clerk's screen. */
export const DESK: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

export const origin = (): string => inject("origin");

/** How long a page may take to show what it was asked for; generous, because the machine may be building. */
const PATIENCE_MS = 20_000;

let browser: Browser | undefined;
let faults: string[] = [];

/** Opens Chromium for the tests of one file; a page that fails in its own code fails the test that used it. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: process.env.LINLI_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(() => {
    const seen = faults;
    faults = [];
    expect(seen, "faults in the pages' own code").toEqual([]);
  });
}

/** A person's own browser: cookies and storage of their own. */
export async function open(screen: BrowserContextOptions, more: BrowserContextOptions = {}): Promise<BrowserContext> {
  if (browser === undefined) throw new Error("call useBrowser() at the top of the file");
  const context = await browser.newContext({ baseURL: origin(), locale: "zh-CN", timezoneId: "Asia/Shanghai", ...screen, ...more });
  context.setDefaultTimeout(PATIENCE_MS);
  context.on("page", (page) => watchFaults(page));
  return context;
}

/** Opens a page of a new browser at an address. */
export async function openAt(path: string, screen: BrowserContextOptions, more: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await open(screen, more)).newPage();
  await page.goto(path);
  return page;
}

function watchFaults(page: Page): void {
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    // A refused request is said by the browser too; what the page makes of it is what the tests look at.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(`${page.url()}: ${message.text()}`);
  });
}

/** Whether anything makes the page scroll sideways. */
export function sidewaysBy(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
