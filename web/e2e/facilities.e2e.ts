/** 公共设施 from end to end: entered, reported on a phone with no network, seen at the desk, printed, scanned; and homes entered by hand. */
import type { BrowserContext, Page } from "playwright-core";
import { expect, it } from "vitest";
import type { components } from "../src/shared/api/schema";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { GRID, signIn } from "./support/city";
import { phoneOf, uploaded } from "./support/phone";

useBrowser();

type Schemas = components["schemas"];

const SHOTS = process.env.LINLI_SHOTS;
/** Words that no other test's records have. */
const fresh = (): string => `${Date.now().toString(36)}苑`;

async function clerkAt(): Promise<BrowserContext> {
  const context = await open(DESK);
  await signIn(context, "clerk");
  return context;
}

async function entered(context: BrowserContext, kind: string, fields: Record<string, string>): Promise<string> {
  const made = await context.request.post(`/api/registry/${kind}`, { data: { area_code: GRID, fields }, headers: { Origin: origin() } });
  expect(made.status(), await made.text()).toBe(201);
  return ((await made.json()) as { id: string }).id;
}

const lamp = (context: BrowserContext, compound: string): Promise<string> =>
  entered(context, "facilities", { facility_kind: "light", name: `${compound}3号楼前路灯`, address: `${compound}3号楼前`, keeper: "示例物业" });

async function facility(context: BrowserContext, id: string): Promise<Schemas["FacilityPage"]> {
  const answer = await context.request.get(`/api/facilities/${id}`);
  if (!answer.ok()) throw new Error(`${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as Schemas["FacilityPage"];
}

async function fit(page: Page, name: string): Promise<void> {
  expect(await axeFaults(page), name).toEqual([]);
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png` });
}

/** What a scan of its code shows to anybody. */
async function scanned(code: string): Promise<Page> {
  const resident = await (await open(PHONE)).newPage();
  await resident.goto(`/?qr=${code}`);
  await resident.getByText("您在").waitFor();
  return resident;
}

it("a lamp is reported on a phone with no network; the clerk sees it, prints its code, and whoever scans it reads that it was reported", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const name = `${compound}3号楼前路灯`;
  const id = await lamp(clerk, compound);

  const { context, page: phone } = await phoneOf("worker");
  await context.setOffline(true);
  await phone.getByRole("link", { name: "走访", exact: true }).click();
  await phone.getByRole("link", { name: "底数", exact: true }).click();
  await phone.getByRole("button", { name: /^设施/ }).click();
  await phone.getByLabel("查地址或名称").fill(compound);
  await phone.locator(".rows .item").filter({ hasText: name }).click();
  await phone.getByRole("heading", { name }).waitFor();
  await phone.locator("dd").getByText("示例物业").waitFor();
  await fit(phone, "phone-facility");

  // Whoever means another place says so; whoever comes from the lamp again reports the lamp.
  await phone.getByRole("link", { name: "报修", exact: true }).click();
  const where = phone.getByRole("region", { name: "报修哪一处" });
  await where.getByText(`${compound}3号楼前`, { exact: true }).waitFor();
  expect(await phone.getByLabel("具体位置").count()).toBe(0);
  expect(await sidewaysBy(phone)).toBe(0);
  await fit(phone, "phone-facility-report");
  await phone.getByRole("button", { name: "不是这一处，另选地点" }).click();
  await phone.getByRole("group", { name: /在哪里/ }).waitFor();
  expect(await where.count()).toBe(0);
  await phone.getByRole("button", { name: "返回" }).click();
  await phone.getByRole("link", { name: "报修", exact: true }).click();
  await where.getByText(name, { exact: true }).waitFor();
  await phone.getByRole("button", { name: "提交" }).click();
  await phone.getByRole("link", { name: "请写一下是什么事" }).waitFor();
  await phone.getByLabel("哪里坏了").fill("晚上不亮，已经两天");
  await phone.getByRole("button", { name: "提交" }).click();
  await phone.getByText("已记在手机里，有网就上传").first().waitFor();
  await phone.getByRole("link", { name: /1 条没上传/ }).waitFor();

  await context.setOffline(false);
  await uploaded(phone).waitFor();
  await expect.poll(async () => (await facility(clerk, id)).facility.n_open).toBe(1);

  const page = await clerk.newPage();
  await page.addInitScript(() => {
    window.print = () => document.documentElement.setAttribute("data-printed", "");
  });
  await page.goto("/desk/inbox");
  await page.getByRole("navigation", { name: "主要栏目" }).getByRole("link", { name: "公共设施", exact: true }).click();
  await page.getByRole("link", { name: /^共 \d+ 处$/ }).waitFor();
  await page.getByText(/今年报修 \d+ 件、修好 \d+ 件/).waitFor();
  await page.getByRole("link", { name: /^正在报修 \d+$/ }).click();
  await page.getByLabel("类型").selectOption({ label: "路灯、照明" });
  const row = page.getByRole("row").filter({ hasText: name });
  await row.getByText("今天报修，等待修复").waitFor();
  await fit(page, "facilities");

  await row.getByRole("button", { name }).click();
  const panel = page.getByRole("region", { name: "设施详情" });
  await panel.getByRole("link", { name: "晚上不亮，已经两天" }).waitFor();
  await fit(page, "facility");
  await panel.getByRole("button", { name: "二维码" }).click();
  const dialog = page.getByRole("dialog", { name: "设施二维码" });
  await dialog.getByRole("img", { name: new RegExp(name) }).waitFor();
  await fit(page, "facility-code");
  await dialog.getByRole("button", { name: "打印" }).click();
  await page.locator("html[data-printed]").waitFor();
  await dialog.getByRole("button", { name: "关闭" }).click();
  const code = (await facility(clerk, id)).facility.code ?? "";
  expect(code).not.toBe("");

  const resident = await scanned(code);
  await resident.getByText(`${name}：今天已有人报修，正在处理。有新情况再补充说明即可。`).waitFor();
  expect(await resident.getByText("这处设施已停用").count()).toBe(0);
  await resident.getByRole("link", { name: "我要反映问题" }).waitFor();
  await fit(resident, "home-facility");

  // Out of use: said at the desk and to whoever scans it.
  await panel.getByRole("button", { name: "停用", exact: true }).click();
  const form = page.getByRole("dialog", { name: "停用" });
  await form.getByLabel("使用状态").waitFor();
  expect(await form.getByLabel("使用状态").locator("option:checked").innerText()).toBe("停用");
  await form.getByRole("button", { name: "保存" }).click();
  await panel.getByRole("button", { name: "恢复使用" }).waitFor();
  await page.getByRole("link", { name: /^停用 \d+$/ }).click();
  await row.getByText("停用", { exact: true }).waitFor();
  const later = await scanned(code);
  await later.getByText("这处设施已停用").waitFor();
  await fit(later, "home-facility-stopped");
  await Promise.all([context.close(), clerk.close(), resident.context().close(), later.context().close()]);
});

it("a clerk reports a facility and corrects what stands of it at the desk", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const name = `${compound}3号楼前路灯`;
  const id = await lamp(clerk, compound);
  const page = await clerk.newPage();
  await page.goto(`/desk/facilities?area=${GRID}&id=${id}`);
  const panel = page.getByRole("region", { name: "设施详情" });
  await panel.getByText("没有您能看到的报修。").waitFor();

  await panel.getByRole("button", { name: "报修" }).click();
  const report = page.getByRole("dialog", { name: `报修 ${name}` });
  await report.getByRole("button", { name: "报修", exact: true }).click();
  await report.getByRole("link", { name: "请写一下哪里坏了" }).waitFor();
  await fit(page, "facility-report");
  await report.getByLabel("哪里坏了").fill("灯罩碎了，怕掉下来");
  await report.getByRole("button", { name: "报修", exact: true }).click();
  await page.getByText(/已报修，编号/).first().waitFor();
  await panel.getByRole("link", { name: "灯罩碎了，怕掉下来" }).waitFor();
  await panel.getByText("今天报修，等待修复").waitFor();

  await panel.getByRole("button", { name: "改信息" }).click();
  const form = page.getByRole("dialog", { name: "改信息" });
  await form.getByText("报修时知道找谁").waitFor();
  await form.getByLabel("维护单位").fill("示例照明所");
  await form.getByRole("button", { name: "保存" }).click();
  await panel.locator("dd").getByText("示例照明所").waitFor();
  expect((await facility(clerk, id)).facility.keeper).toBe("示例照明所");

  await panel.getByRole("link", { name: "灯罩碎了，怕掉下来" }).click();
  await page.getByRole("region", { name: "事项内容" }).waitFor();
  await clerk.close();
});

it("a clerk enters a household and who lives in it by hand, and finds the way back to the dwelling", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  const home = `${compound}3号楼1单元101室`;
  await entered(clerk, "dwellings", { compound, building: "3号楼", unit: "1单元", room: "101室", dwelling_use: "living", occupancy: "owner" });
  const page = await clerk.newPage();
  await page.goto(`/desk/registry?area=${GRID}&kind=dwelling&q=${encodeURIComponent(compound)}`);
  await page.getByRole("button", { name: home }).click();
  const panel = page.getByRole("region", { name: "详情", exact: true });
  const households = panel.getByRole("region", { name: "住在这里的户" });
  await households.getByText("还没有登记住在这里的户。").waitFor();
  await fit(page, "registry-dwelling");
  await households.getByRole("button", { name: "登记一户" }).click();
  const form = page.getByRole("dialog", { name: "登记一户" });
  await form.getByText("疏散、物资发放时知道有几口人").waitFor();
  await form.getByLabel("人数").fill("2");
  await fit(page, "registry-household-enter");
  await form.getByRole("button", { name: "登记", exact: true }).click();

  await panel.getByRole("heading", { name: "一户（未登记户主）" }).waitFor();
  const residents = panel.getByRole("region", { name: "这一户的住户" });
  await residents.getByRole("button", { name: "登记住户" }).click();
  const person = page.getByRole("dialog", { name: "登记住户" });
  await person.getByText("上门、联系时称呼").waitFor();
  await person.getByLabel("姓名").fill("示例户主");
  await person.getByLabel("与户主关系").selectOption({ label: "户主" });
  await person.getByRole("button", { name: "登记", exact: true }).click();
  const masked = residents.getByRole("button", { name: /^示\*+$/ });
  await masked.waitFor();
  await residents.getByText("户主", { exact: true }).waitFor();
  expect(await panel.innerText()).not.toContain("示例户主");
  await fit(page, "registry-household");

  // To the resident and back, to the household and back.
  await masked.click();
  await panel.getByRole("button", { name: "返回这一户" }).click();
  await residents.waitFor();
  await panel.getByRole("button", { name: "返回房屋" }).click();
  await panel.getByRole("heading", { name: home }).waitFor();
  await households.getByText("2 人").waitFor();
  await clerk.close();
});

it("a facility has a tab among the records, with what is known of it", async () => {
  const clerk = await clerkAt();
  const compound = fresh();
  await lamp(clerk, compound);
  const page = await clerk.newPage();
  await page.goto(`/desk/registry?area=${GRID}&kind=facility&q=${encodeURIComponent(compound)}`);
  await page.getByRole("button", { name: "公共设施", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
  const row = page.getByRole("row").filter({ hasText: compound });
  await row.getByText("路灯、照明").waitFor();
  await row.getByText("示例物业").waitFor();
  await fit(page, "registry-facilities");
  await clerk.close();
});

it("whoever keeps no records sees no facilities", async () => {
  const leader = await open(DESK);
  await signIn(leader, "leader");
  const page = await leader.newPage();
  await page.goto("/desk/facilities");
  await page.getByText("没有权限").first().waitFor();
  await leader.close();
});
