/** Two people and one case. */
import { expect, it } from "vitest";
import { DESK, open, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, act, caseOf, report, signIn } from "./support/city";
import { choose } from "./support/desk";

useBrowser();

async function taken(words: string): Promise<{ code: string; clerkAt: Awaited<ReturnType<typeof open>>; streetAt: Awaited<ReturnType<typeof open>> }> {
  const workerAt = await open(DESK);
  await signIn(workerAt, "worker");
  const code = await report({ text: words, area_code: GRID, category: "lamp" });
  await act(workerAt, code, "take", {});
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const streetAt = await open(DESK);
  await signIn(streetAt, "street");
  return { code, clerkAt, streetAt };
}

const REASON = "网格里修不了，请物业一起看线路";

it("a clerk who is a moment too late is told who did what, keeps what was typed, and can go on", async () => {
  const { code, clerkAt, streetAt } = await taken("路灯一闪一闪的，怕是线路老化");
  const clerk = await clerkAt.newPage();
  // Without live news, as on a bad line: the case on the screen is old when the command is sent.
  await clerk.route("**/api/live", (route) => route.abort());
  await clerk.goto(`/desk/cases/${code}`);
  await clerk.getByRole("button", { name: "改派" }).click();
  const form = clerk.getByRole("region", { name: "改派" });
  await form.getByRole("radio").first().waitFor();
  await form.getByLabel("改派理由").fill(REASON);

  await act(streetAt, code, "dispatch", { seat: { area_code: COMMUNITY }, reason: "已请供电所下午到场，由社区对接" });

  await form.getByRole("button", { name: "改派" }).click();
  const told = clerk.getByRole("alert").filter({ hasText: "这件事刚刚有变化" });
  await told.waitFor();
  expect(await told.innerText()).toMatch(/樊文斌已在\d\d:\d\d办了“派单”/);
  expect(await told.innerText()).toContain("已请供电所下午到场，由社区对接");
  expect(await form.getByLabel("改派理由").inputValue()).toBe(REASON);

  await form.getByRole("button", { name: "按最新情况改派" }).click();
  await form.waitFor({ state: "detached" });
  const after = await caseOf(clerkAt, code);
  expect(after.timeline.map((entry) => entry.type).slice(-2)).toEqual(["dispatched", "dispatched"]);
  expect(after.timeline.at(-1)?.text).toBe(REASON);
});

it("a clerk with the case open sees a colleague's step at once, and what was typed stays", async () => {
  const { code, clerkAt, streetAt } = await taken("巷子里三盏路灯只亮一盏");
  const clerk = await clerkAt.newPage();
  await clerk.goto(`/desk/cases/${code}`);
  await clerk.getByRole("button", { name: "改派" }).click();
  const form = clerk.getByRole("region", { name: "改派" });
  await form.getByLabel("改派理由").fill(REASON);

  const other = await streetAt.newPage();
  await other.goto(`/desk/cases/${code}`);
  const closing = await choose(other, "结案");
  await closing.getByRole("radio", { name: "现场查无此事或无法核实" }).check();
  await closing.getByLabel("告诉居民的话").fill("现场三盏灯都亮，如再灭请再告诉我们");
  await closing.getByRole("button", { name: "结案" }).click();
  await other.getByText("已结案").first().waitFor();

  const told = clerk.getByRole("alert").filter({ hasText: "这件事刚刚有变化" });
  await told.waitFor();
  expect(await told.innerText()).toContain("现在已经不能改派了");
  expect(await form.getByLabel("改派理由").inputValue()).toBe(REASON);
  await told.getByRole("button", { name: "复制我写的内容" }).waitFor();
});
