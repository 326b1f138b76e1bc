/** Many cases at once: picked with the keyboard and the mouse, moved by one form, each answering for itself. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, useBrowser } from "./support/browser";
import { GRID, act, caseOf, report, signIn } from "./support/city";

useBrowser();

async function clerkAt(path: string): Promise<Page> {
  const at = await open(DESK);
  await signIn(at, "clerk");
  const page = await at.newPage();
  await page.goto(path);
  return page;
}

/** Matters without a category wait for the clerk, under a word of their own. */
async function some(word: string, n: number): Promise<string[]> {
  const codes: string[] = [];
  for (let i = 1; i <= n; i += 1) codes.push(await report({ text: `${word}第${i}处需要人来看看`, area_code: GRID }));
  return codes;
}

const list = (word: string): string => `/desk/inbox?box=to_accept&q=${encodeURIComponent(word)}`;
const picked = (page: Page): Promise<number> => page.locator("tbody input[type=checkbox]:checked").count();

it("a clerk picks cases with x, dispatches them together and goes on, without a mouse", async () => {
  const codes = await some("葡萄架", 3);
  const page = await clerkAt(list("葡萄架"));
  await page.locator("table a[data-case]").nth(2).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect.poll(() => picked(page)).toBe(1);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+X");
  await expect.poll(() => picked(page)).toBe(3);
  const bar = page.getByRole("region", { name: "已选中的事项" });
  await bar.getByRole("button", { name: "派单" }).waitFor();
  await page.keyboard.press("a");
  await bar.getByRole("button", { name: "派单" }).press("Enter");
  const form = page.getByRole("region", { name: "派单：3件一起" });
  await form.getByRole("radio").first().waitFor();
  await form.getByLabel("派单理由").fill("今天下午一起去看");
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.press("Control+Enter");
  await page.getByText("3件都已派单").waitFor();
  const at = await open(DESK);
  await signIn(at, "clerk");
  for (const code of codes) {
    const after = await caseOf(at, code);
    expect([after.stage, after.timeline.at(-1)?.text]).toEqual(["dispatched", "今天下午一起去看"]);
  }
});

it("what did not go says why and stays picked; what went is gone from the pile", async () => {
  const [first = "", second = ""] = await some("凌霄花", 2);
  const page = await clerkAt(list("凌霄花"));
  await page.locator("table a[data-case]").nth(1).waitFor();
  // On a bad line: what a colleague does meanwhile is not seen.
  await page.route("**/api/live", (route) => route.abort());
  await page.reload();
  await page.locator("table a[data-case]").nth(1).waitFor();
  const boxes = page.locator("tbody input[type=checkbox]");
  await boxes.nth(0).click();
  await boxes.nth(1).click({ modifiers: ["Shift"] });
  await expect.poll(() => picked(page)).toBe(2);
  const street = await open(DESK);
  await signIn(street, "street");
  await act(street, second, "supervise", { reason: "居民等了很久，今天要有人去" });
  await page.getByRole("region", { name: "已选中的事项" }).getByRole("button", { name: "派单" }).click();
  const form = page.getByRole("region", { name: /^派单：2件一起/ });
  await form.getByRole("radio").first().waitFor();
  await form.getByLabel("派单理由").fill("先去看看");
  await form.getByRole("button", { name: "派单（2件）" }).click();
  const report = page.getByRole("status").filter({ hasText: "“派单”办成1件，1件没有办成" });
  await report.waitFor();
  expect(await report.innerText()).toMatch(/樊文斌已在\d\d:\d\d办了“督办”/);
  await expect.poll(() => picked(page)).toBe(1);
  expect(await axeFaults(page)).toEqual([]);
  const at = await open(DESK);
  await signIn(at, "clerk");
  expect((await caseOf(at, first)).stage).toBe("dispatched");
  await page.keyboard.press("Escape");
  await expect.poll(() => picked(page)).toBe(0);
});

it("the keys for many are told with the others", async () => {
  const page = await clerkAt("/desk/inbox?box=all_open");
  await page.locator("table a[data-case]").first().waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "快捷键" });
  await help.getByText("选中或取消这一件").waitFor();
  await help.getByText("从上次选的一直选到这一件").waitFor();
});

it("a work order is taken out as a file, with the number only once its purpose was said", async () => {
  const code = await report({ text: "葫芦架下面的长椅断了一根木条", area_code: GRID, phone: "19911117711", name: "高女士" });
  const page = await clerkAt(`/desk/cases/${code}`);
  const save = async (): Promise<Buffer> => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "工单 Word 版" }).click()]);
    expect(file.suggestedFilename()).toMatch(/^610502-\d{4}-\d+\.docx$/);
    return readFileSync(await file.path());
  };
  // A zip, as every .docx is; what is in it is looked at by the tests of the server.
  expect((await save()).subarray(0, 2).toString()).toBe("PK");
  await page.goto(`/desk/cases/${code}/print`);
  await page.getByRole("button", { name: "查看电话" }).click();
  const ask = page.getByRole("dialog", { name: "查看电话" });
  await ask.getByLabel("查看的用途").fill("交给上门维修的人");
  await ask.getByRole("button", { name: "记录并查看" }).click();
  await page.getByRole("link", { name: "19911117711" }).waitFor();
  await save();
  const resident = await (await open(DESK)).newPage();
  await resident.goto(`/c/${code}`);
  // Looked at once on the page, once more for the file.
  await expect.poll(() => resident.getByText(/用途：交给上门维修的人/).count()).toBe(2);
});
