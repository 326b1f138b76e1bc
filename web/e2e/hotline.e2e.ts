/** A 12345 work order: it comes in by a sheet, goes to a grid, is settled there, and its result goes back in the export. */
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, useBrowser } from "./support/browser";
import { act, signIn } from "./support/city";

useBrowser();

const NO = `WN${Date.now()}`;
const HEADER = "工单编号,来电人,联系电话,来电时间,问题分类,诉求内容,所属区县,所属街道,所属社区,事发地址,办理时限";
const SHEET = [
  "临渭区12345热线工单,,,,,,,,,,",
  HEADER,
  `${NO},李女士,199 0000 0041,2024-09-27 09:30,城市管理->市政设施->路灯,热线转来：3号楼前的路灯不亮,临渭区,__STREET__,红旗社区,第三网格3号楼,5个工作日`,
  `${NO}9,王先生,19900000042,前天,其他,时间写得不对,临渭区,__STREET__,红旗社区,,`,
  "",
].join("\n");

it("a work order comes in by a sheet, is settled in its grid, and its result goes back", async () => {
  const hotlineAt = await open(DESK, { acceptDownloads: true });
  await signIn(hotlineAt, "hotline");
  const area = (await (await hotlineAt.request.get("/api/areas/610502005000")).json()) as { name: string };
  const page = await hotlineAt.newPage();
  await page.goto("/desk/hotline");
  // A person cannot choose a file before the page is ready for one; a script can.
  await expect.poll(() => page.getByLabel("选择工单文件").isEnabled()).toBe(true);
  await page.getByLabel("选择工单文件").setInputFiles({ name: "热线工单.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET.replaceAll("__STREET__", area.name)) });
  await page.getByRole("heading", { name: "热线工单.csv" }).waitFor();
  // The columns were recognised by what the hotline calls them.
  expect(await page.getByLabel("诉求内容").inputValue()).toBe("content");
  await page.getByRole("button", { name: "先试算，不写入" }).click();
  const tried = page.getByRole("region", { name: "试算结果" });
  await tried.getByText("会新增 1 件").waitFor();
  expect(await tried.innerText()).toContain("199****0041");
  expect(await axeFaults(page)).toEqual([]);

  await page.getByRole("button", { name: /开始导入/ }).click();
  await page.getByText("导入完成").first().waitFor();
  expect(await page.getByRole("progressbar").getAttribute("value")).toBe("2");
  await page.getByRole("cell", { name: /来电时间“前天”看不懂/ }).waitFor();
  const errors = await hotlineAt.request.get((await page.getByRole("link", { name: /下载错误表/ }).getAttribute("href")) ?? "");
  expect((await errors.body()).subarray(0, 2).toString()).toBe("PK");
  expect(await axeFaults(page)).toEqual([]);

  // The grid worker has it among today's work, with the caller's words.
  const workerAt = await open(PHONE);
  await signIn(workerAt, "worker");
  const found = (await (await workerAt.request.get(`/api/search?q=${encodeURIComponent("热线转来")}`)).json()) as { items: { case: { code: string; stage: string } }[] };
  const code = found.items[0]?.case.code ?? "";
  expect(found.items.map((hit) => hit.case.stage)).toEqual(["dispatched"]);
  await act(workerAt, code, "take", {});
  await act(workerAt, code, "settle", { reply: { received: "9月28日9时", talked_to: "来电人李女士", done: "已更换灯泡", by_when: "当日完成" } });
  const headAt = await open(DESK);
  await signIn(headAt, "head");
  await act(headAt, code, "verify", {});

  // Beside the case stands the hotline's number and limit.
  const head = await headAt.newPage();
  await head.goto(`/desk/cases/${code}`);
  await head.getByRole("heading", { name: "热线工单" }).waitFor();
  await head.getByText(NO, { exact: true }).waitFor();

  await page.getByLabel("导出理由").fill("九月工单办理结果反馈热线");
  const [kept] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "导出", exact: true }).click()]);
  expect(kept.suggestedFilename()).toMatch(/^热线工单_.*\.xlsx$/);
  // What the page was given, asked for once more as it asks.
  const day = 86_400_000;
  const wish = { from: new Date(Date.now() - day).toISOString(), to: new Date(Date.now() + day).toISOString(), reason: "核对导出" };
  const bytes = await (await hotlineAt.request.post("/api/hotline/exports", { data: wish, headers: { Origin: origin() } })).body();
  // Brought in again, the export is understood: the same order, and what is new of it is its result.
  const back = await hotlineAt.request.post("/api/hotline/imports?file_name=back.xlsx", { data: bytes, headers: { "Content-Type": "application/octet-stream", Origin: origin() } });
  const brought = (await back.json()) as { id: string; sheets: { columns: { column: string | null }[] }[] };
  expect(brought.sheets[0]?.columns.every(({ column }) => column !== null)).toBe(true);
  const tryAgain = await hotlineAt.request.post(`/api/hotline/imports/${brought.id}/rehearsal`, { headers: { Origin: origin() } });
  const rehearsed = (await tryAgain.json()) as { rows: { order_no: string; text: string | null }[] };
  expect(rehearsed.rows.map(({ order_no }) => order_no)).toContain(NO);
});

it("whoever may not exchange orders is told so", async () => {
  const workerAt = await open(DESK);
  await signIn(workerAt, "worker");
  const page = await workerAt.newPage();
  await page.goto("/desk/hotline");
  await page.getByText("没有权限").first().waitFor();
});
