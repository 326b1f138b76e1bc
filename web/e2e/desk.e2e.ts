/** The desk beyond the single case: dispatch, areas, people, the way of working, and the record of who looked. */
import { expect, it } from "vitest";
import { DESK, open, openAt, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, caseOf, report, signIn, signInOnPage, type Who } from "./support/city";

useBrowser();

async function deskPage(who: Who, path: string): Promise<Awaited<ReturnType<typeof openAt>>> {
  const at = await open(DESK);
  await signIn(at, who);
  const page = await at.newPage();
  await page.goto(path);
  return page;
}

it("a clerk dispatches where the list suggests it, with the reason for it in sight", async () => {
  const code = await report({ text: "想问问小区里能不能多放几个长椅", area_code: GRID });
  const page = await deskPage("clerk", "/desk/inbox?box=to_accept");
  await page.getByRole("link").filter({ hasText: "多放几个长椅" }).first().click();
  await page.getByRole("button", { name: "派单" }).click();
  const form = page.getByRole("region", { name: "派单" });
  const suggested = form.locator(".seat", { hasText: "建议" }).first();
  await suggested.waitFor();
  expect(await suggested.getByRole("radio").isChecked()).toBe(true);
  expect((await suggested.locator(".seat__why").first().innerText()).length).toBeGreaterThan(4);
  await form.getByLabel("派单理由").fill("先请网格员到现场看看放哪里合适");
  await form.getByRole("button", { name: "派单" }).click();
  await form.waitFor({ state: "detached" });
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const after = await caseOf(clerkAt, code);
  expect(after.stage_name).toBe("待签收");
  expect(after.timeline.at(-1)?.text).toBe("先请网格员到现场看看放哪里合适");
});

it("the inbox finds a case by its words and by its code", async () => {
  const code = await report({ text: "花坛边的石榴树被风刮断了一枝", area_code: GRID });
  const page = await deskPage("clerk", "/desk/inbox?box=all_open");
  const search = page.getByRole("combobox", { name: "搜索事项" });
  await search.fill("石榴树");
  await search.press("Enter");
  await page.getByRole("link").filter({ hasText: "石榴树" }).waitFor();
  await expect.poll(() => page.locator("table a[data-case]").count()).toBe(1);
  await search.fill(code);
  await search.press("Enter");
  await page.getByRole("link").filter({ hasText: "石榴树" }).waitFor();
  await expect.poll(() => page.locator("table a[data-case]").count()).toBe(1);
  await search.fill("没有这样的事情");
  await search.press("Enter");
  await page.getByText("没有符合条件的事项").waitFor();
});

it("an administrator makes an account; its password is said once and must be changed at the first sign-in", async () => {
  const page = await deskPage("admin", "/desk/people");
  await page.getByRole("button", { name: "新建账号" }).click();
  const form = page.getByRole("dialog", { name: "新建账号" });
  await form.getByLabel("姓名").fill("苗小禾");
  await form.getByLabel("账号", { exact: false }).first().fill("miaoxiaohe");
  await form.getByLabel("电话").fill("19900009876");
  await form.getByLabel("职务").selectOption("community_clerk");
  await form.getByRole("combobox", { name: "区域" }).fill("红旗社区");
  await page.getByRole("option", { name: /红旗社区/ }).first().click();
  await form.getByRole("button", { name: "新建账号" }).click();
  const once = page.getByRole("dialog", { name: "新密码" });
  const password = await once.locator(".secret").innerText();
  expect(password.length).toBeGreaterThanOrEqual(10);
  await once.getByRole("button", { name: "已记下" }).click();
  await once.waitFor({ state: "detached" });
  expect(await page.getByText(password).count()).toBe(0);

  const fresh = await openAt("/desk/", DESK);
  await fresh.getByLabel("账号", { exact: true }).fill("miaoxiaohe");
  await fresh.getByLabel("密码", { exact: true }).fill(password);
  await fresh.getByRole("button", { name: "登录", exact: true }).click();
  await fresh.getByText("这是初始密码，请先修改密码再开始工作。").waitFor();
  await fresh.goto("/desk/inbox");
  await fresh.getByText("这是初始密码，请先修改密码再开始工作。").waitFor();
  await fresh.getByLabel("原密码").fill(password);
  await fresh.getByLabel("新密码", { exact: true }).fill("短");
  await fresh.getByLabel("再输一遍新密码").fill("短");
  await fresh.getByRole("button", { name: "修改密码" }).click();
  await fresh.getByRole("alert").filter({ hasText: "密码至少10位" }).waitFor();
  await fresh.getByLabel("新密码", { exact: true }).fill("shiliu-huakai-7");
  await fresh.getByLabel("再输一遍新密码").fill("shiliu-huakai-7");
  await fresh.getByRole("button", { name: "修改密码" }).click();
  await fresh.getByRole("link", { name: "待办" }).first().waitFor();
  await fresh.locator(".rail").waitFor();
});

it("an administrator adds a grid, gives it figures and a printed code, and prints the sheet", async () => {
  const page = await deskPage("admin", `/desk/areas/${COMMUNITY}`);
  await page.getByRole("heading", { name: "红旗社区", level: 1 }).waitFor();
  await page.getByText("添加网格").first().click();
  const add = page.locator("form", { has: page.getByPlaceholder("例如：第八网格") });
  await add.getByPlaceholder("例如：第八网格").fill("试点网格");
  await add.getByRole("button", { name: "添加" }).click();
  await page.getByText("已添加“试点网格”").waitFor();
  await page.getByRole("treeitem", { name: /试点网格/ }).click();
  await page.getByRole("heading", { name: "试点网格", level: 1 }).waitFor();
  await page.getByLabel("户数").fill("128");
  await page.getByRole("button", { name: "保存" }).click();
  await page.getByText("已保存").waitFor();
  await page.getByPlaceholder("例如：3号楼2单元").fill("石榴苑1号楼");
  const place = page.locator("form", { has: page.getByPlaceholder("例如：3号楼2单元") });
  await place.getByRole("button", { name: "添加" }).click();
  await page.getByText("已添加“石榴苑1号楼”").waitFor();
  await page.getByRole("link", { name: "打印二维码" }).click();
  await page.getByAltText("石榴苑1号楼的二维码").waitFor();
});

it("the way of working can be read by whoever works by it: categories, duties, flow, deadlines, findings", async () => {
  const page = await deskPage("clerk", "/desk/playbook");
  for (const [tab, words] of [["类别", "路灯不亮"], ["权责清单", "基本履职"], ["流程", "待签收"], ["时限", "工作日"], ["单位", "物业服务企业"], ["检查结果", "检查通过，没有问题"], ["工作日历", "2027"]] as const) {
    await page.getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
    await page.getByRole("tabpanel").getByText(words).first().waitFor();
  }
});

it("everybody at the desk is warned that the holidays of 2027 are not loaded yet", async () => {
  const page = await deskPage("clerk", "/desk/inbox");
  const warnings = page.getByRole("region", { name: "需要注意的事" });
  await warnings.waitFor();
  expect(await warnings.innerText()).toContain("2027");
});

it("who looks at a resident's number says why, and the auditor reads it", async () => {
  const code = await report({ text: "楼道里的声控灯一直亮着，白天也亮", area_code: GRID, category: "lamp", phone: "19900005678", name: "王先生" });
  const page = await deskPage("clerk", `/desk/cases/${code}`);
  await page.getByRole("button", { name: "查看电话" }).click();
  const ask = page.getByRole("dialog", { name: "查看电话" });
  await ask.getByRole("button", { name: "记录并查看" }).click();
  await ask.getByText("请写清楚为什么要看").first().waitFor();
  await ask.getByLabel("查看的用途").fill("问清是哪个单元");
  await ask.getByRole("button", { name: "记录并查看" }).click();
  await page.getByRole("link", { name: "19900005678" }).waitFor();

  const auditor = await deskPage("auditor", "/desk/read-log");
  const row = auditor.getByRole("row").filter({ hasText: "问清是哪个单元" });
  await row.waitFor();
  expect(await row.innerText()).toContain("田丽娟");
  expect(await auditor.getByText("19900005678").count()).toBe(0);
});

it("a search by phone says why, stays out of the address, and the resident reads who looked", async () => {
  const code = await report({ text: "地下车库入口的减速带松了，车一过就响", area_code: GRID, category: "lamp", phone: "19900007788" });
  const page = await deskPage("clerk", "/desk/inbox?box=all_open");
  const search = page.getByRole("combobox", { name: "搜索事项" });
  await search.fill("199 0000 7788");
  await search.press("Enter");
  const ask = page.getByRole("dialog", { name: "按电话查找" });
  await ask.getByRole("button", { name: "来电人询问以前反映的事" }).click();
  await ask.getByRole("button", { name: "记录并查找" }).click();
  await ask.getByRole("link", { name: /减速带松了/ }).click();
  await page.getByRole("heading", { name: "反映人" }).waitFor();
  expect(page.url()).not.toContain("7788");

  const resident = await (await open(DESK)).newPage();
  await resident.goto(`/c/${code}`);
  await resident.getByRole("heading", { name: "谁查看过您的联系方式" }).waitFor();
  await resident.getByText(/用途：来电人询问以前反映的事/).waitFor();
  expect(await resident.getByText("田丽娟").count()).toBe(0);
});

it("a page that is not one's own says whom to ask, and a clerk's case list holds no page of others", async () => {
  const page = await deskPage("clerk", "/desk/read-log");
  await page.getByRole("heading", { name: "没有权限" }).waitFor();
  await page.getByText(/请找.*系统管理员开通/).waitFor();
});

it("a clerk registers what a caller says, and reads the code out", async () => {
  const page = await deskPage("hotline", "/desk/register");
  await page.getByLabel("居民说的事").fill("前锋路的路灯坏了两盏，晚上很黑");
  await page.getByRole("button", { name: /路灯不亮/ }).click();
  await page.getByRole("combobox", { name: "在哪个网格或社区" }).fill("红旗社区");
  await page.getByRole("option", { name: /红旗社区/ }).first().click();
  await page.getByText("答复时间").waitFor();
  await page.getByLabel("联系电话").fill("19900003456");
  await page.getByRole("button", { name: "登记", exact: true }).click();
  await page.getByText("已登记").first().waitFor();
});

it("a session that ended leads back to where one was", async () => {
  const at = await open(DESK);
  await signIn(at, "clerk");
  const page = await at.newPage();
  await page.goto("/desk/inbox?box=closed");
  await page.locator("table a[data-case]").first().waitFor();
  await at.clearCookies();
  await page.getByRole("link", { name: /全部在办/ }).click();
  await page.getByText(/登录已失效/).waitFor();
  await signInOnPage(page, "clerk");
  await page.waitForURL(/\/desk\/inbox\?/);
});
