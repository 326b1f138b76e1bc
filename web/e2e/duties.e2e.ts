/** 职责与检查: a roster set by the head, a record that does what is due, a hazard found, put right, looked at again and closed. */
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, useBrowser } from "./support/browser";
import { GRID, signIn } from "./support/city";

useBrowser();

const SHOTS = process.env.LINLI_SHOTS;

it("a head sets the roster, a meeting does for everybody, and a finding becomes a hazard that somebody else closes", async () => {
  const workerAt = await open(DESK);
  await signIn(workerAt, "worker");
  const fields = { premises_kind: "shop", name: "老王超市", address: "向阳路12号", in_charge: "店长", phone: "19900000061", is_key: "yes" };
  const made = await workerAt.request.post("/api/registry/premises", { data: { area_code: GRID, fields } });
  expect(made.status(), await made.text()).toBe(201);

  const headAt = await open(DESK);
  await signIn(headAt, "clerk");
  const page = await headAt.newPage();
  await page.goto("/desk/duties");
  await page.getByRole("heading", { name: "哪里要帮忙" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "排班", exact: true }).click();
  await page.getByLabel("名称").fill("中秋夜巡");
  await page.getByRole("dialog").getByRole("checkbox").first().check();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("button", { name: /18:00–20:00 中秋夜巡/ }).waitFor();

  await page.getByRole("button", { name: "记会议培训" }).click();
  await page.getByLabel("主题").fill("本周碰头");
  for (const box of await page.getByRole("dialog").getByRole("checkbox").all()) await box.check();
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByText("已记下").waitFor();
  const met = (await (await workerAt.request.get("/api/gatherings?limit=200")).json()) as { items: { title: string }[] };
  expect(met.items.filter(({ title }) => title === "本周碰头"), "a meeting of the community is none of a grid's").toEqual([]);
  const told = (await (await headAt.request.get("/api/gatherings")).json()) as { items: { title: string; attendees: string[] }[] };
  expect(told.items.find((one) => one.title === "本周碰头")?.attendees).toContain("党晓燕");
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/duties.png` });

  const worker = await workerAt.newPage();
  await worker.goto("/desk/inspections");
  await worker.getByRole("button", { name: "检查 老王超市" }).click();
  const dialog = worker.getByRole("dialog");
  const lines = await dialog.getByRole("group").all();
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines.slice(1)) await line.getByLabel("合格", { exact: true }).check();
  await lines[0]?.getByLabel("不合格").check();
  await dialog.getByLabel("是什么情况").fill("后门堆了货");
  expect(await axeFaults(worker)).toEqual([]);
  if (SHOTS) await worker.screenshot({ path: `${SHOTS}/inspect.png` });
  await dialog.getByRole("button", { name: "记下检查结果" }).click();
  await worker.getByRole("link", { name: /后门堆了货/ }).waitFor();
  expect(await axeFaults(worker)).toEqual([]);
  if (SHOTS) await worker.screenshot({ path: `${SHOTS}/hazards.png` });

  const found = (await (await headAt.request.get("/api/hazards")).json()) as { items: { case_id: string; text: string }[] };
  const id = found.items.find((hazard) => hazard.text.includes("后门堆了货"))?.case_id ?? "";
  const act = async (at: typeof headAt, verb: string, fields: Record<string, unknown>): Promise<void> => {
    const { version } = (await (await at.request.get(`/api/cases/${id}`)).json()) as { version: number };
    const done = await at.request.post(`/api/cases/${id}/actions/${verb}`, { data: { version, fields } });
    expect(done.ok(), await done.text()).toBe(true);
  };
  await act(headAt, "take", {});
  await act(headAt, "settle", { reply: { received: "今天上午", talked_to: "店长", done: "把后门的货都搬进了仓库，通道已经畅通。", by_when: "今天" } });
  const own = (await (await headAt.request.get(`/api/cases/${id}`)).json()) as { actions: { verb: string }[] };
  expect(own.actions.map((action) => action.verb)).not.toContain("verify");
  await act(workerAt, "verify", { text: "看过了，通道畅通" });
  await worker.reload();
  await worker.getByRole("link", { name: /后门堆了货/ }).waitFor({ state: "detached" });
  await worker.getByLabel("已销号的也看").check();
  await worker.getByRole("row", { name: /后门堆了货.*已销号/s }).waitFor();
  await worker.goto("/desk/inspections");
  const row = worker.getByRole("row", { name: /老王超市/ });
  await row.getByRole("button", { name: "生成" }).click();
  await row.getByRole("link", { name: /^[0-9A-Z]{10}$/ }).waitFor();
  if (SHOTS) await worker.screenshot({ path: `${SHOTS}/premises.png` });
});
