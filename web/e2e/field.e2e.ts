/** The grid worker's face: what is urgent first, nothing lost, and a kind word when somebody was quicker. */
import { expect, it } from "vitest";
import { DESK, PHONE, open, openAt, sidewaysBy, useBrowser } from "./support/browser";
import { GRID, REPLY, act, caseOf, report, signIn, signInOnPage } from "./support/city";

useBrowser();

async function workerPage(path: string): Promise<Awaited<ReturnType<typeof openAt>>> {
  const at = await open(PHONE);
  await signIn(at, "worker");
  const page = await at.newPage();
  await page.goto(path);
  return page;
}

const lamp = (text: string): Promise<string> => report({ text, area_code: GRID, category: "lamp" });

it("a worker signs in with a demo account at one press and sees what is late before what is not", async () => {
  const page = await openAt("/field/", PHONE);
  await page.getByRole("button", { name: /党晓燕/ }).click();
  await page.getByRole("button", { name: "登录", exact: true }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("section.group").first().waitFor();
  const groups = await page.locator("section.group > h2").allInnerTexts();
  const order = ["已超时", "快到期", "其他"];
  const seen = groups.map((group) => order.findIndex((word) => group.startsWith(word)));
  expect(seen).toEqual([...seen].sort());
  expect(seen).not.toContain(-1);
  expect(await sidewaysBy(page)).toBe(0);
});

it("within a group, what is due first stands first", async () => {
  const at = await open(PHONE);
  await signIn(at, "head");
  const page = await at.newPage();
  await page.goto("/field/");
  await page.locator("section.group").first().waitFor();
  const answer = (await (await at.request.get("/api/cases?box=to_sign")).json()) as { items: { text: string; due_at: string | null }[] };
  const due = new Map(answer.items.map((row) => [row.text, row.due_at ?? "9"]));
  for (const group of await page.locator("section.group").all()) {
    const times = (await group.locator(".text").allInnerTexts()).flatMap((text) => due.get(text) ?? []);
    expect(times).toEqual([...times].sort());
  }
});

it("a worker sends a case back with its ground, and it leaves the list", async () => {
  const code = await lamp("路灯杆倒在隔壁小区门口，不在我们网格");
  const page = await workerPage(`/field/cases/${code}`);
  await page.getByRole("button", { name: "退单" }).click();
  const form = page.getByRole("dialog", { name: "退单" });
  await form.getByRole("button", { name: "退单" }).click();
  await form.getByRole("link", { name: "请选择“退单理由”" }).waitFor();
  await form.getByRole("radio", { name: "不属本辖区" }).check();
  await form.getByLabel("说明").fill("在第四网格，门牌号前锋路12号");
  await form.getByRole("button", { name: "退单" }).click();
  await form.waitFor({ state: "detached" });
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const after = await caseOf(clerkAt, code);
  expect(after.stage_name).toBe("待受理");
  expect(after.timeline.at(-1)?.sentence).toMatch(/^网格员党晓燕退单，理由是“不属本辖区”，退回/);
});

it("a worker takes a case up to the next level, and says why", async () => {
  const code = await lamp("整条巷子的路灯都不亮，像是总线断了");
  const page = await workerPage(`/field/cases/${code}`);
  await page.getByRole("button", { name: "上报" }).click();
  const form = page.getByRole("dialog", { name: "上报" });
  await form.getByLabel("上报理由").fill("总线故障，网格里修不了");
  await form.getByRole("button", { name: "上报" }).click();
  await form.waitFor({ state: "detached" });
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  expect((await caseOf(clerkAt, code)).seat.level).toBe("community");
});

it("a worker who is a moment too late reads kindly what happened, and finds the words that were written", async () => {
  const code = await lamp("楼下的路灯罩子掉了一半");
  const headAt = await open(DESK);
  await signIn(headAt, "head");
  const at = await open(PHONE);
  await signIn(at, "worker");
  await act(at, code, "take", {});
  const page = await at.newPage();
  await page.route("**/api/live", (route) => route.abort());
  await page.goto(`/field/cases/${code}`);
  await page.getByRole("button", { name: "办结" }).click();
  const form = page.getByRole("dialog", { name: "办结" });
  await form.getByLabel("与谁沟通").fill(REPLY.talked_to);
  await form.getByLabel("解决措施").fill("罩子已经装好，用螺丝固定");
  await form.getByLabel("解决时限").fill(REPLY.by_when);
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  await act(clerkAt, code, "dispatch", { seat: { area_code: GRID }, reason: "请网格长一起看" });
  await form.getByRole("button", { name: "办结" }).click();
  const note = page.getByRole("alert").filter({ hasText: "这件事刚刚有了变化" });
  await note.waitFor();
  expect(await note.innerText()).toContain("田丽娟");
  expect(await note.innerText()).toContain("罩子已经装好，用螺丝固定");
});

it("a worker writes down what was heard at a door, and it is a case at once", async () => {
  const page = await workerPage("/field/");
  await page.getByRole("link", { name: "记一笔" }).click();
  await page.getByLabel("什么事").fill("3号楼李大爷说，二单元楼道灯不亮");
  await page.getByRole("button", { name: "提交" }).click();
  await page.getByText(/已记下，编号/).waitFor();
});

it("a first password that was not chosen must be changed before anything else", async () => {
  const page = await openAt("/field/", PHONE);
  await signInOnPage(page, "worker");
  await page.getByRole("link", { name: "我的" }).click();
  await page.getByRole("link", { name: "修改密码" }).click();
  await page.getByLabel("现在的密码").fill("not-the-password");
  await page.getByLabel("新密码").fill("three-words-2026");
  await page.getByRole("button", { name: "修改" }).click();
  await page.getByRole("alert").filter({ hasText: "原密码不对" }).waitFor();
});
