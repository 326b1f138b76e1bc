/** The work-order loop beyond one handler: a task force, a whistle, a ruling, callers who are answered together. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, SMALL_PHONE, open, openAt, sidewaysBy, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, REPLY, act, caseOf, report, signIn } from "./support/city";
import { answer, choose, onTask, send, tick } from "./support/desk";
import { departmentClerk } from "./support/people";

useBrowser();

const COUNTY = "610502000000";

/** The demo's case whose whistle nobody of the property company has answered. */
async function lateWhistle(context: Awaited<ReturnType<typeof open>>): Promise<string> {
  const answer = await context.request.get("/api/cases?box=mine&category=parking&limit=50");
  const page = (await answer.json()) as { items: { code: string }[] };
  for (const { code } of page.items) {
    const { tasks } = await caseOf(context, code);
    if (tasks.some((task) => task.kind === "whistle" && task.state === "called")) return code;
  }
  throw new Error("the demo has no whistle that waits");
}

async function casePage(context: Awaited<ReturnType<typeof open>>, code: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`/desk/cases/${code}`);
  await page.getByRole("group", { name: "可以做的操作", exact: true }).waitFor();
  return page;
}

it("a major matter is led by the county: a task force of four units reports, minutes are kept, it is closed, settled and verified", async () => {
  const leaderAt = await open(DESK);
  await signIn(leaderAt, "leader");
  const code = await report({ text: "几栋楼的外墙成片脱落，砸坏了车，几百户人出门提心吊胆", area_code: GRID, category: "house_risk" });
  await act(leaderAt, code, "dispatch", { seat: { area_code: COUNTY }, reason: "涉及面大，由县区牵头", weight: "major" });

  const leader = await casePage(leaderAt, code);
  const opening = await choose(leader, "成立专班");
  await opening.getByLabel("专班名称").fill("外墙脱落排险专班");
  await opening.getByRole("combobox", { name: "成员" }).fill("樊文斌");
  await opening.getByRole("option", { name: /樊文斌/ }).click();
  await opening.getByRole("list", { name: "已选的人" }).getByText("樊文斌").waitFor();
  await tick(opening, "参加单位", ["城市管理执法局", "住房和城乡建设局", "市政设施养护中心", "供电公司"]);
  await opening.getByLabel("任务").fill("两天内完成排查，先围挡、后清除、再维修");
  await send(opening, "成立专班");
  await leader.getByRole("region", { name: "专班" }).getByText("贺立新", { exact: true }).waitFor();
  const panel = leader.getByRole("region", { name: "协办与报到" });
  await panel.getByText("4个在办").waitFor();

  const units = [
    { party: "临渭区城市管理执法局", desk: await open(DESK), did: "围挡了六处，撤走占道车辆" },
    { party: "临渭区住房和城乡建设局", desk: await departmentClerk("housing", COUNTY, "测试住建"), did: "三十栋楼逐栋敲查，十一处空鼓已标记" },
    { party: "临渭区市政设施养护中心", desk: await departmentClerk("municipal", COUNTY, "测试市政"), did: "清运脱落墙皮四车" },
    { party: "临渭区供电公司", desk: await departmentClerk("power", COUNTY, "测试供电"), did: "楼外线缆加了护套，没有带电裸露" },
  ];
  const first = units[0];
  if (first === undefined) throw new Error("no unit");
  await signIn(first.desk, "department");
  for (const { party, desk, did } of units) {
    const page = await desk.newPage();
    await page.goto("/desk/inbox?box=tasks");
    await page.getByRole("link").filter({ hasText: "外墙成片脱落" }).click();
    await onTask(page, party, "签收");
    await onTask(page, party, "办结反馈", (form) => form.getByLabel("办了什么、结果怎样").fill(did));
    await page.close();
  }
  // The leader's page has followed by itself.
  await panel.getByText("都有结果了").waitFor();
  for (const { did } of units) await panel.getByText(did).waitFor();

  // What happened meanwhile is told until the leader has seen it.
  await leader.getByRole("button", { name: "知道了" }).click();
  const minute = await choose(leader, "会议纪要");
  await minute.getByLabel("纪要").fill("议定：住建局负责维修方案，下周三前完成第一批");
  await send(minute, "会议纪要");
  await leader.getByRole("region", { name: "专班" }).getByText("下周三前完成第一批").waitFor();
  // While the task force works the case cannot be settled.
  expect(await leader.getByRole("button", { name: "办结", exact: true }).count()).toBe(0);
  const closing = await choose(leader, "解散专班");
  await closing.getByLabel("办成了什么").fill("险情全部排除，第一批维修完成");
  await send(closing, "解散专班");

  const settling = await choose(leader, "办结");
  await settling.getByRole("group", { name: "套用范文" }).getByRole("button", { name: "修好了" }).click();
  const done = settling.getByLabel("解决措施");
  expect(await done.inputValue()).toContain("已到现场修好");
  await done.fill("险情全部排除：围挡六处、清除空鼓十一处，第一批外墙已经修好");
  await send(settling, "办结");
  await leader.getByText("待核查").first().waitFor();

  const streetAt = await open(DESK);
  await signIn(streetAt, "street");
  const verifying = await choose(await casePage(streetAt, code), "核查通过");
  await send(verifying, "核查通过");
  const after = await caseOf(leaderAt, code);
  expect([after.stage, [...(after.force?.members ?? [])].sort(), after.tasks.map((task) => task.state)]).toEqual(["answered", ["樊文斌", "贺立新"], ["done", "done", "done", "done"]]);
});

it("a whistle calls departments with clocks of their own; they come, and each side says how it was", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const code = await report({ text: "夜市油烟和占道一直没人管，居民和摊主吵起来了", area_code: GRID, category: "lamp" });
  await act(clerkAt, code, "dispatch", { seat: { area_code: COMMUNITY }, reason: "网格劝不住，由社区办" });
  await act(clerkAt, code, "take", {});
  const clerk = await casePage(clerkAt, code);
  const blowing = await choose(clerk, "吹哨");
  await blowing.getByRole("radio", { name: /工作推进哨/ }).check();
  await blowing.getByText("需要部门到场一起办的日常事项").waitFor();
  await tick(blowing, "请谁报到", ["城市管理执法局", "物业服务企业"]);
  await blowing.getByLabel("什么事、要他们做什么").fill("今晚八点到南门，一起规范摊位、劝离占道");
  await send(blowing, "吹哨");

  // Each has its own clocks; the property company has not even signed.
  const panel = clerk.getByRole("region", { name: "协办与报到" });
  await panel.getByText("2个在办").waitFor();
  const property = panel.getByRole("listitem").filter({ hasText: "红旗社区物业服务企业" });
  expect(await property.locator(".clocks").innerText()).toMatch(/签收[\s\S]*还剩[\s\S]*联系[\s\S]*到场/);

  // The clocks of those who were called are theirs, not the case's.
  expect((await caseOf(clerkAt, code)).deadlines.map(({ kind }) => kind)).not.toContain("arrive");

  const departmentAt = await open(DESK);
  await signIn(departmentAt, "department");
  const department = await casePage(departmentAt, code);
  const party = "临渭区城市管理执法局";
  await onTask(department, party, "签收");
  await onTask(department, party, "已联系属地", (form) => form.getByLabel("联系情况").fill("与社区田丽娟约好今晚八点"));
  await onTask(department, party, "到场报到", (form) => form.getByLabel("到场情况").fill("六名队员到场"));
  await onTask(department, party, "办结反馈", (form) => form.getByLabel("办了什么、结果怎样").fill("规范摊位二十三个，占道的都退到线内"));
  await onTask(department, party, "评价这次吹哨", async (form) => {
    await form.getByRole("radio", { name: /^5 星/ }).check({ force: true });
  });
  await panel.getByText("1个在办").waitFor();
  await panel.getByText("规范摊位二十三个").waitFor();
  // The last of it, too: a form that is open when something more comes in asks to look again first.
  await panel.getByText("5 星").waitFor();
  await clerk.getByRole("button", { name: "知道了" }).click();
  await onTask(clerk, party, "评价报到单位", async (form) => {
    await form.getByRole("radio", { name: /^4 星/ }).check({ force: true });
    await form.getByLabel("想说的话").fill("来得快，散得也干净");
  });
  await panel.getByText("4 星，满意：来得快，散得也干净").waitFor();
  expect(await axeFaults(clerk)).toEqual([]);
  await clerk.getByRole("button", { name: "更多操作" }).press("ArrowDown");
  await clerk.getByRole("menuitem").first().waitFor();
  expect(await axeFaults(clerk)).toEqual([]);
  // The menu goes by the keyboard: to the end, and Escape gives the focus back without closing the case.
  await clerk.keyboard.press("End");
  expect(await clerk.getByRole("menuitem").last().evaluate((item) => item === document.activeElement)).toBe(true);
  await clerk.keyboard.press("Escape");
  expect(await clerk.getByRole("button", { name: "更多操作" }).evaluate((button) => button === document.activeElement)).toBe(true);
  expect(await clerk.getByRole("menuitem").count()).toBe(0);
  // With one department still out the case is not settled.
  expect(await clerk.getByRole("button", { name: "办结", exact: true }).count()).toBe(0);
});

it("of three who were called one is late: everybody sees who, the case waits, and the late one catches up", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  // The demo's whistle of two days ago: its clocks ran out by themselves.
  const code = await lateWhistle(clerkAt);
  const clerk = await casePage(clerkAt, code);
  const panel = clerk.getByRole("region", { name: "协办与报到" });
  const late = panel.getByRole("listitem").filter({ hasText: "红旗社区物业服务企业" });
  await late.getByText(/签收[\s\S]*已超/).first().waitFor();
  const came = panel.getByRole("listitem").filter({ hasText: "城市管理执法局" });
  await came.getByText("清走占道杂物").waitFor();
  expect(await came.innerText()).not.toMatch(/已超/);
  expect(await clerk.getByRole("button", { name: "办结", exact: true }).count()).toBe(0);

  const propertyAt = await open(DESK);
  await signIn(propertyAt, "property");
  const inbox = await propertyAt.newPage();
  await inbox.goto("/desk/inbox?box=tasks");
  await inbox.getByRole("table").getByText(code).waitFor();
  const property = await casePage(propertyAt, code);
  const party = "红旗社区物业服务企业";
  await onTask(property, party, "签收");
  await onTask(property, party, "到场报到", (form) => form.getByLabel("到场情况").fill("两名保安到场，摆好了隔离桩"));
  await onTask(property, party, "办结反馈", (form) => form.getByLabel("办了什么、结果怎样").fill("门岗专人劝导，救护车道每天巡两次"));

  // That it came late stays written down, also after it came.
  const after = await caseOf(clerkAt, code);
  const sign = after.tasks.find((task) => task.party_name.includes("物业"))?.deadlines.find((clock) => clock.kind === "sign");
  expect(sign?.breached_at).toBeTruthy();
  // The traffic police are still at it: the case waits for them, too.
  expect(after.tasks.filter((task) => task.state === "signed").map((task) => task.party_name)).toEqual(["临渭区公安局交警大队"]);
  expect(after.actions.map((action) => action.verb)).not.toContain("settle");
});

it("a department that gets it back objects, the ruling binds and becomes a line of the list, and the next report follows it", async () => {
  const CATEGORY = "parking_space";
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const propertyAt = await open(DESK);
  await signIn(propertyAt, "property");
  const toProperty = { seat: { area_code: COMMUNITY, unit_code: "property" } };
  const code = await report({ text: "小区里电动车占了无障碍坡道，轮椅上不去", area_code: COMMUNITY, category: CATEGORY });
  const clerk = await casePage(clerkAt, code);
  await act(clerkAt, code, "dispatch", { ...toProperty, reason: "小区里面的事，由物业办" });

  const property = await casePage(propertyAt, code);
  const back = await choose(property, "退单");
  await back.getByRole("radio", { name: "不属本单位职责" }).check();
  await back.getByLabel("说明").fill("物业没有执法权，请城管来");
  await back.getByRole("button", { name: "退单", exact: true }).click();
  await expect.poll(async () => (await caseOf(clerkAt, code)).stage).toBe("received");
  await act(clerkAt, code, "dispatch", { ...toProperty, reason: "合同写明由物业管理停放秩序" });

  const again = await casePage(propertyAt, code);
  const objecting = await choose(again, "提出异议");
  await objecting.getByRole("radio", { name: "职能交叉，应由他方主办" }).check();
  await objecting.getByLabel("依据").fill("道路停车管理办法第八条，应由城管主办");
  await objecting.getByRole("button", { name: "提出异议", exact: true }).click();
  await expect.poll(async () => (await caseOf(clerkAt, code)).stage).toBe("ruling");

  const leaderAt = await open(DESK);
  await signIn(leaderAt, "leader");
  const leader = await leaderAt.newPage();
  await leader.goto("/desk/inbox?box=to_rule");
  await leader.getByRole("link").filter({ hasText: "无障碍坡道" }).click();
  const ruling = await choose(leader, "裁定");
  // Another seat is asked for only where the objection is upheld.
  await answer(ruling, "异议成立吗", "是");
  await ruling.getByRole("group", { name: /改由谁办/ }).waitFor();
  await answer(ruling, "异议成立吗", "否");
  expect(await ruling.getByRole("group", { name: /改由谁办/ }).count()).toBe(0);
  const basis = "物业服务合同第十二条，小区内停放秩序由物业负责";
  await ruling.getByLabel("裁定理由").fill(basis);
  await answer(ruling, /列入权责清单/, "是");
  await send(ruling, "裁定");

  const ruled = await caseOf(clerkAt, code);
  expect([ruled.stage, ruled.seat.unit?.code]).toEqual(["dispatched", "property"]);
  await clerk.close();

  const next = await report({ text: "单元门口又被电动车堵了，推婴儿车出不去", area_code: COMMUNITY, category: CATEGORY });
  const routed = await caseOf(clerkAt, next);
  expect(routed.seat.unit?.code).toBe("property");
  expect(routed.routing.join()).toContain(`裁定入单：${basis}`);
  const page = await casePage(clerkAt, next);
  await page.getByText(`裁定入单：${basis}`).waitFor();

  // The list says where the line comes from. Who works by it reads it; who rules may end it, and says why.
  await page.goto("/desk/playbook?tab=responsibilities");
  const line = page.getByRole("row").filter({ hasText: basis });
  await line.getByText("有效").waitFor();
  expect(await line.getByRole("button", { name: "结束这一条" }).count()).toBe(0);
  await leader.goto("/desk/playbook?tab=responsibilities");
  const ends = leader.getByRole("row").filter({ hasText: basis });
  await ends.getByRole("link", { name: /^见 / }).waitFor();
  expect(await axeFaults(leader)).toEqual([]);
  await ends.getByRole("button", { name: "结束这一条" }).click();
  const dialog = leader.getByRole("dialog", { name: "结束这一条吗" });
  await dialog.getByRole("button", { name: "结束这一条" }).click();
  await dialog.getByRole("alert").getByText(/结束的原因/).waitFor();
  await dialog.getByLabel("结束的原因").fill("物业合同到期，改由城管统一管理");
  await dialog.getByRole("button", { name: "结束这一条" }).click();
  await ends.getByText(/结束，贺立新/).waitFor();
  await ends.getByText("物业合同到期，改由城管统一管理").waitFor();
});

it("five callers of one matter are all answered, and each can say whether it is settled", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const words = ["六号楼停水了", "6号楼从早上就没水", "我家没水，楼上也没有", "自来水停了，没有通知", "停水一天了，老人没法做饭"];
  const codes: string[] = [];
  for (const text of words) codes.push(await report({ text, area_code: GRID, category: "lamp" }));
  const [master = "", ...others] = codes;
  for (const code of others) {
    const page = await casePage(clerkAt, code);
    const merging = await choose(page, "并单");
    const field = merging.getByRole("combobox", { name: "并入哪一件" });
    await field.fill(master);
    await merging.getByRole("option", { name: new RegExp(master) }).click();
    await send(merging, "并单");
    await page.getByRole("region", { name: "相关事项" }).getByText("并入").waitFor();
    await page.close();
  }
  const phones = await Promise.all(codes.map((code) => openAt(`/c/${code}`, PHONE)));
  await phones[1]?.getByText("合在一起办理").first().waitFor();

  const workerAt = await open(DESK);
  await signIn(workerAt, "worker");
  await act(workerAt, master, "take", {});
  const done = "主管道爆裂，下午三点已经抢修好，恢复供水";
  await act(workerAt, master, "settle", { reply: { ...REPLY, done } });
  const page = await casePage(clerkAt, master);
  await page.getByText("并入4件").waitFor();
  await send(await choose(page, "核查通过"), "核查通过");

  for (const phone of phones) {
    await phone.getByText(done).first().waitFor();
    await phone.getByRole("region", { name: "评价" }).waitFor();
  }
  // One of those who were merged says that it is settled.
  const second = phones[1];
  if (second === undefined) throw new Error("no second caller");
  const form = second.getByRole("region", { name: "评价" });
  await form.getByRole("radio", { name: "5 星，很满意" }).check({ force: true });
  await answer(form, "事情解决了吗", "是");
  await answer(form, "您满意吗", "是");
  await form.getByRole("button", { name: "评价" }).click();
  await second.getByText("已经结案").waitFor();
});

it("a repair firm without an account signs for its link, reports with words, and the case shows it", async () => {
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const code = await report({ text: "单元门闭门器坏了，夜里哐哐响", area_code: GRID, category: "lamp" });
  await act(clerkAt, code, "dispatch", { seat: { area_code: COMMUNITY }, reason: "由社区联系维修" });
  await act(clerkAt, code, "take", {});
  const clerk = await casePage(clerkAt, code);
  const handing = await choose(clerk, "交外部单位");
  await handing.getByLabel("单位名称").fill("顺达门窗维修部");
  await handing.getByLabel("请他们做什么").fill("换三单元的闭门器，换好拍照");
  await send(handing, "交外部单位");
  const link = await clerk.getByRole("region", { name: "协办与报到" }).locator("code").innerText();

  const firm = await openAt(new URL(link).pathname, PHONE);
  await firm.getByRole("heading", { name: "红旗社区请您办一件事" }).waitFor();
  await firm.getByText("换三单元的闭门器").waitFor();
  expect(await axeFaults(firm)).toEqual([]);
  await firm.getByRole("button", { name: "签收" }).click();
  await firm.getByText("已签收，请办完后反馈").waitFor();
  expect(await axeFaults(firm)).toEqual([]);
  // Nothing is sent without words.
  const form = firm.getByRole("region", { name: "办结反馈" });
  await form.getByRole("button", { name: "办结反馈" }).click();
  await form.getByText("请填写“办了什么、结果怎样”").first().waitFor();
  await form.getByLabel("办了什么、结果怎样").fill("换了新闭门器，关门没有声音");
  await form.getByRole("button", { name: "办结反馈" }).click();
  await firm.getByText("结果已经告诉对方").waitFor();
  await clerk.getByText("换了新闭门器，关门没有声音").first().waitFor();

  // The same link on the smallest phone, afterwards.
  const small = await openAt(new URL(link).pathname, SMALL_PHONE);
  await small.getByText("结果已经告诉对方").waitFor();
  expect(await sidewaysBy(small)).toBe(0);
  const wrong = await openAt("/t/01a0336a-0000-7000-8000-000000000000.nonsense", PHONE);
  await wrong.getByText("这个链接打不开").waitFor();
});

it("a case is printed as a sheet; the number stays masked until somebody says what it is needed for", async () => {
  const streetAt = await open(DESK);
  await signIn(streetAt, "street");
  const code = await report({
    text: "楼顶太阳能支架松了，风大时咣当响",
    area_code: GRID,
    category: "lamp",
    phone: "19900001234",
    name: "张女士",
  });
  const opener = await casePage(streetAt, code);
  const [page] = await Promise.all([streetAt.waitForEvent("page"), opener.getByRole("link", { name: "打印工单" }).click()]);
  const paper = page.getByRole("article");
  await paper.getByRole("heading", { name: "诉求工单" }).waitFor();
  await paper.getByText("199****1234").waitFor();
  for (const part of ["太阳能支架", "派单依据", "时限", "办理经过", "经办人"]) await paper.getByText(part).first().waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "查看电话" }).click();
  await page.getByLabel("查看的用途").fill("打印工单交维修人员");
  await page.getByRole("button", { name: "记录并查看" }).click();
  await paper.getByText("19900001234").waitFor();
  // On paper there is the sheet and nothing of the frame around it.
  await page.emulateMedia({ media: "print" });
  expect(await page.getByRole("button", { name: "打印" }).isVisible()).toBe(false);
  expect(await page.getByRole("navigation").first().isVisible()).toBe(false);
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  expect(pdf).toMatch(/MediaBox ?\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/);
});
