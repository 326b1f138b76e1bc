/** 走访问题 and 走访清单 at the desk: what notes keep coming upon, what a person decides, which homes are still to be visited. */
import { beforeAll, expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, open, origin, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, signIn } from "./support/city";

useBrowser();

const SHOTS = process.env.LINLI_SHOTS;
/** Grids in which nothing else of the tests happens. */
const CLUTTER = { area: `${COMMUNITY}010`, place: "红旗社区第十网格", notes: ["二单元楼道堆放杂物，门禁正常", "楼道又堆放杂物，王大爷说没人清", "楼道还是堆放杂物没人清理"] };
const DRAIN = { area: `${COMMUNITY}011`, place: "红旗社区第十一网格", notes: ["下水道堵塞返水", "下水道又堵塞返水", "下水道还是返水"] };

beforeAll(async () => {
  const head = await open(DESK);
  await signIn(head, "clerk");
  for (const { area, notes } of [CLUTTER, DRAIN]) {
    for (const note of notes) {
      const made = await head.request.post("/api/visits", { data: { kind: "patrol", area_code: area, note }, headers: { Origin: origin() } });
      expect(made.status(), await made.text()).toBe(201);
    }
  }
});

it("a clerk sees what visits keep coming upon, with place, words and visits and without names, and opens a case for it", async () => {
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const page = await desk.newPage();
  await page.goto("/desk/inbox");
  await page.getByRole("navigation", { name: "主要栏目" }).getByRole("link", { name: "走访", exact: true }).click();
  await page.getByRole("link", { name: new RegExp(`楼道、堆放杂物.*${CLUTTER.place}`, "s") }).click();
  await page.getByText("记到 3 次").waitFor();
  expect(await page.getByRole("table").getByRole("row").count()).toBe(4);
  expect(await page.getByRole("article").textContent()).not.toContain("王大爷");
  expect(await axeFaults(page)).toEqual([]);
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/problems.png` });
  await page.getByRole("button", { name: "立为主动办理件" }).click();
  expect(await page.getByLabel("要解决什么").inputValue()).toContain("第十网格");
  expect(await axeFaults(page)).toEqual([]);
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/problems-open.png` });
  await page.getByLabel("要解决什么").fill("第十网格楼道长期堆放杂物，清理并与物业约定巡查");
  await page.getByRole("button", { name: "立件", exact: true }).click();
  await page.getByText("第十网格楼道长期堆放杂物，清理并与物业约定巡查").first().waitFor();
  await page.getByText("发现同一问题反复出现，主动立项").waitFor();
  expect(await page.getByRole("region", { name: "来自这些走访" }).getByRole("listitem").count()).toBe(3);
  expect(await axeFaults(page)).toEqual([]);
  await page.goto("/desk/visits?state=decided");
  await page.getByRole("link", { name: new RegExp(`楼道、堆放杂物.*${CLUTTER.place}`, "s") }).click();
  await page.getByRole("link", { name: "打开这一件" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
});

it("nothing follows only with a reason; a new visit brings it back", async () => {
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const page = await desk.newPage();
  await page.goto("/desk/visits");
  const entry = page.getByRole("link", { name: new RegExp(`下水道.*${DRAIN.place}`, "s") });
  await entry.click();
  await page.getByRole("button", { name: "不办理，说明原因" }).click();
  await page.getByRole("button", { name: "记录不办理" }).click();
  await page.getByRole("alert").getByText(/不办理的原因/).waitFor();
  await page.getByLabel("不办理的原因").fill("市政管网改造已经开工，月底完成");
  await page.getByRole("button", { name: "记录不办理" }).click();
  await page.getByText("市政管网改造已经开工，月底完成").waitFor();
  await page.getByText(/田丽娟/).last().waitFor();
  await page.getByRole("link", { name: "待决定" }).click();
  await page.getByRole("link", { name: "待决定", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
  expect(await entry.count()).toBe(0);
  await desk.request.post("/api/visits", { data: { kind: "patrol", area_code: DRAIN.area, note: "下水道返水到路面" }, headers: { Origin: origin() } });
  await page.reload();
  await entry.click();
  await page.getByText("以前决定过不办理，之后又记到 1 次").waitFor();
});

it("whoever wrote the notes may look and is told who decides", async () => {
  const at = await open(DESK);
  await signIn(at, "worker");
  for (const note of ["小区东门路面破损积水", "东门路面破损还没修，积水", "东门路面破损积水严重"]) {
    await at.request.post("/api/visits", { data: { kind: "patrol", area_code: GRID, note }, headers: { Origin: origin() } });
  }
  const page = await at.newPage();
  await page.goto("/desk/visits");
  await page.getByRole("link", { name: /路面破损.*第三网格/s }).click();
  await page.getByText("由网格长、社区或街道的工作人员决定").waitFor();
  expect(await page.getByRole("button", { name: "立为主动办理件" }).count()).toBe(0);
});

it("a clerk sees which homes of a list are still to be visited, and puts a home on it from the registry", async () => {
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const fields = { compound: "幸福小区", building: "9号楼", unit: "1单元", room: "909室", dwelling_use: "living", occupancy: "owner" };
  const made = await desk.request.post("/api/registry/dwellings", { data: { area_code: GRID, fields }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);
  const page = await desk.newPage();
  await page.goto(`/desk/registry?area=${GRID}&kind=dwelling`);
  await page.getByRole("button", { name: /909室/ }).click();
  await page.getByRole("button", { name: "加入“照单走访”清单" }).click();
  await page.getByRole("button", { name: "移出“照单走访”清单" }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.goto("/desk/visits?tab=lists");
  const home = page.getByRole("listitem").filter({ hasText: "9号楼1单元909室" });
  await home.getByText(/待走访|本期日子已过/).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/visit-lists.png` });
  const { id } = (await made.json()) as { id: string };
  await desk.request.post("/api/visits", { data: { kind: "visit", record_id: id, met: true }, headers: { Origin: origin() } });
  await page.reload();
  await page.getByRole("heading", { name: "照单走访" }).waitFor();
  expect(await home.count()).toBe(0);
  await page.getByLabel("已走访的也看").check();
  await home.getByText(/去过/).waitFor();
});
