/** What recurs, on the grid worker's phone: the day's list leads to the page that records it, with a network or without. */
import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { DESK, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { ACCOUNTS, GRID, aBuilding, signIn, type Person } from "./support/city";
import { axeFaults } from "./support/axe";
import { between } from "./support/between";
import { newWorker } from "./support/people";
import { lampPhoto } from "./support/photo";
import { Thumb, clockWrongBy, killed, openWithPin, phoneOf, storedBytes, uploaded } from "./support/phone";

useBrowser();

/** A corner of the grid where nobody else of the tests works. */
const CORNER = `${GRID}003`;
const SHOTS = process.env.LINLI_SHOTS;
const HOUR_MS = 3_600_000;

async function read<T>(context: BrowserContext, path: string): Promise<T> {
  const answer = await context.request.get(path);
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()}`);
  return (await answer.json()) as T;
}

/** Key premises of a name of their own, to be looked at this quarter; gives the id of the record. */
async function premises(who: Person | "worker", area: string, name: string, kind: string): Promise<string> {
  const context = await open(PHONE);
  await signIn(context, who);
  const fields = { premises_kind: kind, name, address: "向阳路12号", is_key: "yes" };
  const made = await context.request.post("/api/registry/premises", { data: { area_code: area, fields }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  await context.close();
  return id;
}

/** Somebody in care whom the demo's worker is to visit. */
async function nextInCare(context: BrowserContext): Promise<{ id: string; address: string }> {
  const [person] = (await read<{ items: { id: string; address: string }[] }>(context, "/api/care?show=due")).items;
  if (person === undefined) throw new Error("nobody in care is due for a visit");
  return person;
}

const today = (page: Page) => page.getByRole("link", { name: "今日", exact: true });
/** What has weeks still lies folded. */
async function unfold(page: Page): Promise<void> {
  const later = page.locator("details.later");
  await page.locator("section.group").or(later).first().waitFor();
  if ((await later.count()) > 0 && (await later.getAttribute("open")) === null) await later.locator("summary").click();
}
const item = (page: Page, text: string) => page.locator(".item").filter({ hasText: text });

/** Fits the screen and can be used by everybody, in the light and in the dark; pictures where they are asked for. */
async function fit(page: Page, name: string): Promise<void> {
  expect(await sidewaysBy(page), name).toBe(0);
  if (SHOTS) await page.getByRole("button", { name: "关闭" }).first().click({ timeout: 500 }).catch(() => undefined);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFaults(page), `${name}, ${colorScheme}`).toEqual([]);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${colorScheme}.png` });
  }
}

it("what is known of people in care is on the phone for a day, and then not: told by the page and by the stored bytes", async () => {
  const { context, page } = await phoneOf("worker");
  const person = await nextInCare(context);
  await item(page, person.address).waitFor();
  expect(await storedBytes(page)).toContain("kind=care_visit");
  await context.setOffline(true);
  await page.close();
  await clockWrongBy(context, 25 * HOUR_MS);
  const later = await context.newPage();
  await openWithPin(later);
  await later.locator("section.group").first().waitFor();
  expect(await item(later, person.address).count()).toBe(0);
  await expect.poll(() => storedBytes(later)).not.toContain("kind=care_visit");
  await openWithPin(later, `/field/care/${person.id}`);
  await later.getByText("这次走访不在手机上了").waitFor();
  await fit(later, "care-gone");
  await context.close();
});

it("with no network: an inspection with a finding and its photo, a care visit, a meeting; all of it arrives once, though an answer was lost", async () => {
  const day = Date.now().toString(36);
  const name = `${day}面馆`;
  const record = await premises("worker", GRID, name, "catering");
  const net = await between();
  const phone = await phoneOf("worker", { baseURL: net.url });
  const { context } = phone;
  let { page } = phone;
  const person = await nextInCare(context);
  net.swallow.push("/api/sync/push");
  const photo = await lampPhoto(page, false);
  await context.setOffline(true);

  // Premises, line by line: all in order but one.
  await fit(page, "today");
  await unfold(page);
  await item(page, name).click();
  await page.getByRole("heading", { name }).waitFor();
  await fit(page, "inspection-begun");
  await page.getByRole("button", { name: "全部合格" }).click();
  const gas = page.getByRole("group", { name: "装有燃气报警装置并能切断" });
  await gas.getByText("不合格").click();
  await page.getByRole("button", { name: "记下，上报 1 处隐患" }).click();
  await page.getByRole("link", { name: /请写一下是什么情况：装有燃气报警装置/ }).waitFor();
  await gas.getByLabel("是什么情况").fill(`${day}后厨没有报警器`);
  await gas.getByText("请拍照：街道据此联系燃气公司上门").waitFor();
  await gas.locator("input[type=file]").setInputFiles(photo);
  await page.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
  await fit(page, "inspection-found");
  // What was gone through is there again.
  page = await killed(page, "inspections");
  await page.getByRole("button", { name: "记下，上报 1 处隐患" }).waitFor();
  expect(await page.getByLabel("是什么情况").inputValue()).toBe(`${day}后厨没有报警器`);
  await page.getByRole("button", { name: "记下，上报 1 处隐患" }).click();
  await page.locator("section.group", { hasText: "已办，等上传" }).getByText(name).waitFor();

  // Somebody in care: by name, never why.
  await item(page, person.address).click();
  await page.getByText("希望怎样联系").or(page.getByText("最晚哪天去")).first().waitFor();
  const words = await page.locator("main").innerText();
  for (const why of ["独居", "空巢", "残疾", "低保", "困难"]) expect(words).not.toContain(why);
  await page.getByLabel("说一下情况").fill(`${day}精神很好，要一副老花镜`);
  await fit(page, "care");
  await page.getByRole("button", { name: "见到了" }).click();
  await page.locator("section.group", { hasText: "已办，等上传" }).getByText(person.address).waitFor();

  // A meeting, once for those who were there.
  await page.getByRole("link", { name: "走访", exact: true }).click();
  await page.getByText("开会", { exact: true }).click();
  await page.getByRole("link", { name: /记成会议、培训/ }).click();
  await page.getByLabel("主题").fill(`${day}碰头`);
  await page.getByLabel("找姓名或网格").fill(ACCOUNTS.head.display);
  await page.getByRole("checkbox", { name: ACCOUNTS.head.display }).check();
  await fit(page, "gathering");
  await page.getByRole("button", { name: "记下", exact: true }).click();
  await today(page).waitFor();
  await page.getByRole("link", { name: /3 条没上传/ }).click();
  for (const line of ["隐患 1 处", "见到了", `${day}碰头`]) await page.getByText(line).waitFor();
  await fit(page, "uploads");

  await context.setOffline(false);
  await uploaded(page).waitFor();
  expect(net.swallow).toEqual([]);

  const { items: looked } = await read<{ items: { n_findings: number; answers: { answer: string; case_id: string | null }[] }[] }>(context, `/api/inspections?record=${record}`);
  expect(looked.map(({ n_findings, answers }) => [n_findings, answers.filter(({ answer }) => answer === "ok").length])).toEqual([[1, 4]]);
  const found = await read<{ full_text: string; attachments: unknown[] }>(context, `/api/cases/${looked[0]?.answers.find(({ case_id }) => case_id !== null)?.case_id ?? ""}`);
  expect(found.full_text).toContain(`${day}后厨没有报警器`);
  expect(found.attachments).toHaveLength(1);
  const { items: visits } = await read<{ items: { note: string | null; met: boolean | null }[] }>(context, "/api/visits?mine=true&limit=200");
  expect(visits.filter(({ note }) => note?.startsWith(day)).map(({ met }) => met)).toEqual([true]);
  const { items: met } = await read<{ items: { title: string; attendees: string[] }[] }>(context, "/api/gatherings?limit=200");
  expect(met.filter(({ title }) => title === `${day}碰头`).map(({ attendees }) => attendees.toSorted())).toEqual([[ACCOUNTS.head.display, ACCOUNTS.worker.display].toSorted()]);

  // What is done is due no more, here and there.
  await page.getByRole("button", { name: "返回" }).click();
  await unfold(page);
  await expect.poll(() => item(page, name).count()).toBe(0);
  const { items: due } = await read<{ items: { target: { record_id: string } | null }[] }>(context, "/api/duties/mine");
  expect(due.filter(({ target }) => target?.record_id === record)).toEqual([]);
  await context.close();
});

it("a visit that was begun survives a tab that was killed; it is gone once it is written down, or begun anew", async () => {
  const day = Date.now().toString(36);
  const phone = await phoneOf("worker");
  const { context } = phone;
  let { page } = phone;
  const told = (): Locator => page.getByText("接着上次没填完的");
  const opened = async (): Promise<void> => {
    await page.getByRole("link", { name: "走访", exact: true }).click();
    await page.getByRole("heading", { name: "走访记录" }).waitFor();
    await page.locator("form[aria-busy=false]").waitFor();
  };
  const building = await aBuilding(context);
  const photo = await lampPhoto(page, false);
  await context.setOffline(true);

  // A finding with its place and its photo; nothing of it lay in the clear.
  await opened();
  await page.getByLabel("在哪里").selectOption({ label: building.name });
  await page.getByRole("button", { name: "发现问题" }).click();
  await page.getByLabel("什么问题").fill(`${day}楼道堆了纸箱`);
  await page.locator("input[type=file]").setInputFiles(photo);
  await page.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
  page = await killed(page, "visits");
  await told().waitFor();
  expect(await page.getByLabel("什么问题").inputValue()).toBe(`${day}楼道堆了纸箱`);
  expect(await page.getByLabel("在哪里").locator("option:checked").innerText()).toBe(building.name);
  await page.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
  expect(await storedBytes(page)).not.toContain(`${day}楼道堆了纸箱`);
  await fit(page, "visit-going-on");
  await page.getByRole("button", { name: "记下并上报" }).click();
  await page.getByLabel("什么问题").waitFor({ state: "detached" });
  expect(await told().count()).toBe(0);

  // Written down, it does not come back.
  await today(page).click();
  await page.locator("section.group").first().waitFor();
  await opened();
  expect(await told().count()).toBe(0);
  expect(await page.getByLabel("看到了什么").inputValue()).toBe("");

  // A few words, in sight when they come back, and not wanted any more.
  await page.locator("details.more summary").click();
  await page.getByLabel("看到了什么").fill(`${day}门口很干净`);
  page = await killed(page, "visits");
  await told().waitFor();
  await page.getByLabel("看到了什么").waitFor();
  expect(await page.getByLabel("看到了什么").inputValue()).toBe(`${day}门口很干净`);
  await page.getByRole("button", { name: "重新填" }).click();
  await told().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "一切正常，记下" }).waitFor();
  expect(await page.getByLabel("看到了什么").inputValue()).toBe("");

  await context.setOffline(false);
  await uploaded(page).waitFor();
  const { items } = await read<{ items: { note: string | null; n_photos: number; case_id: string | null }[] }>(context, "/api/visits?mine=true&limit=200");
  expect(items.filter(({ note }) => note?.startsWith(day))).toEqual([]);
  const cases = await Promise.all(items.flatMap(({ case_id, n_photos }) => (case_id === null ? [] : [read<{ full_text: string }>(context, `/api/cases/${case_id}`).then(({ full_text }) => ({ full_text, n_photos }))])));
  expect(cases.filter(({ full_text }) => full_text.startsWith(day))).toEqual([{ full_text: `${day}楼道堆了纸箱`, n_photos: 1 }]);
  await context.close();
});

it("needs few taps where nothing is wrong, from the day's list, with no network", async () => {
  const who = await newWorker(CORNER, "示例网格员");
  await premises(who, CORNER, "家和小超市", "shop");
  const lines: string[] = [];
  const measure = async (page: Page, task: string, most: number, work: (thumb: Thumb) => Promise<void>): Promise<void> => {
    await today(page).waitFor();
    await page.locator("section.group").first().waitFor();
    const thumb = new Thumb();
    await work(thumb);
    await page.getByText("已记下").first().waitFor();
    lines.push(thumb.said(task));
    expect(thumb.taps, task).toBeLessThanOrEqual(most);
    await page.getByRole("button", { name: "关闭" }).first().click();
  };

  const { context, page } = await phoneOf(who);
  await context.setOffline(true);
  await measure(page, "patrol with nothing wrong", 4, async (thumb) => {
    await thumb.tap(item(page, "每日一巡"));
    await page.getByRole("heading", { name: "每日一巡" }).waitFor();
    expect(await page.getByLabel("在哪里").locator("option:checked").innerText()).toBe("第三微网格");
    expect(await page.getByRole("radio", { name: "巡查" }).isChecked()).toBe(true);
    if (SHOTS) await fit(page, "patrol");
    await thumb.tap(page.getByRole("button", { name: "一切正常，记下" }));
  });
  // One record does for everything that it fits.
  expect(await page.locator("section.group", { hasText: "已办，等上传" }).locator(".item").allInnerTexts()).toEqual([expect.stringContaining("每日一巡"), expect.stringContaining("每日一记")].toSorted());
  await measure(page, "inspection with nothing wrong", 4, async (thumb) => {
    // A quarter's work mostly has weeks still: then it lies folded.
    if (!(await item(page, "家和小超市").isVisible())) await thumb.tap(page.locator("details.later summary"));
    await thumb.tap(item(page, "家和小超市"));
    await thumb.tap(page.getByRole("button", { name: "全部合格" }));
    await thumb.tap(page.getByRole("button", { name: "记下检查结果" }));
  });
  await measure(page, "weekly meeting of two", 4, async (thumb) => {
    await unfold(page);
    await thumb.tap(item(page, "每周一会"));
    await page.getByRole("heading", { name: "每周一会" }).waitFor();
    await thumb.tap(page.locator("label.row").filter({ hasText: ACCOUNTS.head.display }));
    if (SHOTS) await fit(page, "meeting");
    await thumb.tap(page.getByRole("button", { name: "记下", exact: true }));
  });
  await context.setOffline(false);
  await uploaded(page).waitFor();
  const { items: due } = await read<{ items: { name: string; state: string }[] }>(context, "/api/duties/mine");
  expect(Object.fromEntries(due.map(({ name, state }) => [name, state]))).toEqual({ 每日一巡: "done", 每日一记: "done", 每周一会: "done", 每月一训: expect.any(String) });
  await context.close();

  const other = await phoneOf("worker");
  await other.context.setOffline(true);
  await measure(other.page, "care visit done", 4, async (thumb) => {
    await thumb.tap(item(other.page, "关爱走访").first());
    await thumb.tap(other.page.getByRole("button", { name: "见到了" }));
  });
  await other.context.setOffline(false);
  await uploaded(other.page).waitFor();
  await other.context.close();
  console.log(lines.join("\n"));
});

it("without a PIN the same list and the same pages work online", async () => {
  const who = await newWorker(`${GRID}002`, "示例网格员二");
  const record = await premises(who, `${GRID}002`, "便民理发店", "shop");
  const context = await open(PHONE);
  await signIn(context, who);
  const page = await context.newPage();
  await page.goto("/field/");
  await item(page, "每日一巡").click();
  await page.getByRole("button", { name: "一切正常，记下" }).click();
  await item(page, "每日一巡").waitFor({ state: "detached" });
  await unfold(page);
  await item(page, "便民理发店").click();
  await page.getByRole("button", { name: "全部合格" }).click();
  await page.getByRole("button", { name: "记下检查结果" }).click();
  await today(page).waitFor();
  const { items } = await read<{ items: { n_findings: number }[] }>(context, `/api/inspections?record=${record}`);
  expect(items.map(({ n_findings }) => n_findings)).toEqual([0]);
  expect(await storedBytes(page)).not.toContain("linli-outbox-");
  await context.close();
});

it("a joint patrol asks who went along, and counts as one", async () => {
  const { context, page } = await phoneOf("head");
  await context.setOffline(true);
  await unfold(page);
  await item(page, "联合巡查").filter({ hasText: "第一网格" }).click();
  await page.getByRole("heading", { name: "联合巡查" }).waitFor();
  await page.getByRole("button", { name: "一切正常，记下" }).click();
  await page.getByRole("link", { name: "请勾选一起巡查的单位" }).waitFor();
  await page.getByRole("group", { name: /和谁一起巡查/ }).getByRole("checkbox").first().check();
  await fit(page, "joint-patrol");
  await page.getByRole("button", { name: "一切正常，记下" }).click();
  await page.locator("section.group", { hasText: "已办，等上传" }).getByText("联合巡查").waitFor();
  await context.setOffline(false);
  await uploaded(page).waitFor();
  const { items: due } = await read<{ items: { duty_id: string; area: { name: string }; state: string }[] }>(context, "/api/duties/mine");
  expect(due.filter(({ duty_id, state }) => duty_id === "joint_patrol" && state === "done").map(({ area }) => area.name)).toEqual(["第一网格"]);
  await context.close();
});

it("a lost phone is taken away by who administers its owner's account, and is wiped when it meets the server", async () => {
  const who = await newWorker(CORNER, "示例丢手机");
  const { context, page } = await phoneOf(who);
  const admin = await open(DESK);
  await signIn(admin, "admin");
  const desk = await admin.newPage();
  await desk.goto(`/desk/people?q=${who.name}`);
  await desk.getByRole("button", { name: "示例丢手机" }).click();
  const panel = desk.getByRole("dialog", { name: "示例丢手机" });
  await panel.getByText("我的手机").waitFor();
  await panel.getByRole("button", { name: "停用这部手机" }).click();
  expect(await axeFaults(desk)).toEqual([]);
  if (SHOTS) await desk.screenshot({ path: `${SHOTS}/desk-phones.png` });
  await panel.getByRole("button", { name: "确定" }).click();
  await panel.getByText("没有设置过离线使用的手机").waitFor();
  await page.getByRole("link", { name: /都已上传/ }).click();
  await page.getByRole("button", { name: "现在上传" }).click();
  await page.getByText("这部手机已被停用").waitFor();
  await expect.poll(() => page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  await Promise.all([admin.close(), context.close()]);
});

it("the day lies on a map where its places are known, and with no network the list says everything", async () => {
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  await page.getByRole("button", { name: "看地图" }).click();
  await page.getByText("现在没有网络，看不了地图").waitFor();
  expect(await page.locator("section.group .item").count()).toBeGreaterThan(2);
  await fit(page, "map-offline");
  await page.getByRole("button", { name: "收起地图" }).click();
  await context.setOffline(false);

  await page.getByRole("button", { name: "看地图" }).click();
  await page.locator("[data-drawn]").waitFor();
  await fit(page, "map");
  const here = page.getByText(/^这里有 \d+ 件：$/);
  const canvas = page.locator(".maplibregl-canvas");
  const size = await canvas.boundingBox();
  if (size === null) throw new Error("no map");
  // A thumb that feels its way over the map meets a dot.
  for (let y = 80; y < size.height && !(await here.isVisible()); y += 12) {
    for (let x = 8; x < size.width - 60 && !(await here.isVisible()); x += 12) await canvas.click({ position: { x, y }, noWaitAfter: true });
  }
  await here.waitFor();
  await fit(page, "map-picked");
  const [shown] = await page.locator(".part .item .text").allInnerTexts();
  expect(await page.locator(".group .item .text, .later .item .text").allInnerTexts()).toContain(shown);

  await context.close();
});
