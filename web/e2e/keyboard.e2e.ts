/** A clerk's morning without a mouse. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { DESK, openAt, useBrowser } from "./support/browser";
import { ACCOUNTS } from "./support/city";

useBrowser();

const focusedText = (page: Page): Promise<string> => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText.trim() ?? "");
const focusedLabel = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!(at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement)) return "";
    return at.labels?.[0]?.innerText ?? "";
  });

/** Presses Tab until the focus is where it is wanted: as many times as a person would bear. */
async function tabTo(page: Page, isThere: () => Promise<boolean>, most = 40): Promise<void> {
  for (let presses = 0; presses < most; presses += 1) {
    if (await isThere()) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`not reached within ${most} presses of Tab; focus is on “${await focusedText(page)}”`);
}

it("a clerk signs in, walks the inbox, opens a case, comments and goes back with the keyboard alone", async () => {
  const page = await openAt("/desk/", DESK);
  await page.getByLabel("账号", { exact: true }).waitFor();
  await tabTo(page, async () => (await focusedLabel(page)).startsWith("账号"));
  await page.keyboard.type(ACCOUNTS.clerk.name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ACCOUNTS.clerk.password);
  await page.keyboard.press("Enter");

  await page.locator("table a[data-case]").first().waitFor();
  await page.keyboard.press("j");
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-case") ?? "")).not.toBe("");
  const first = await focusedText(page);
  await page.keyboard.press("j");
  await expect.poll(() => focusedText(page)).not.toBe(first);
  const second = await page.evaluate(() => document.activeElement?.getAttribute("data-case"));

  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "事项内容" }).waitFor();
  await page.keyboard.press("a");
  await tabTo(page, async () => (await focusedText(page)) === "跟进记录", 12);
  await page.keyboard.press("Enter");
  await expect.poll(() => focusedLabel(page)).toMatch(/^进展/);
  await page.keyboard.type("键盘也能记一笔");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("region", { name: "跟进记录" }).waitFor({ state: "detached" });
  await page.locator(".timeline .words", { hasText: "键盘也能记一笔" }).waitFor();

  await page.keyboard.press("Escape");
  await page.waitForURL(/\/desk\/inbox/);
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-case"))).toBe(second);
});

it("the shortcuts are told on “?”, and “/” leads to the search", async () => {
  const page = await openAt("/desk/login", DESK);
  await page.getByLabel("账号", { exact: true }).fill(ACCOUNTS.clerk.name);
  await page.getByLabel("密码", { exact: true }).fill(ACCOUNTS.clerk.password);
  await page.keyboard.press("Enter");
  await page.locator("table a[data-case]").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "快捷键" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search");
});
