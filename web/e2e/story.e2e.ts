/** The main job, end to end, by the people who do it: three browsers and more, open at the same time. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { DESK, PHONE, open, openAt, useBrowser } from "./support/browser";
import { GRID, aBuilding, caseOf, signIn, signInOnPage } from "./support/city";
import { lampPhoto } from "./support/photo";
import { onFromWhere } from "./support/resident";

useBrowser();

const WORDS = "小区大门口的路灯不亮已经三天了，晚上接孩子看不清路";

/** A mark that a reload would wipe out. */
const markPage = (page: Page): Promise<void> => page.evaluate(() => void Object.assign(window, { linliMark: true }));
const isMarked = (page: Page): Promise<boolean> => page.evaluate(() => "linliMark" in window);

async function fillReply(page: Page, talkedTo: string, done: string, byWhen: string): Promise<void> {
  await page.getByLabel("与谁沟通").fill(talkedTo);
  await page.getByLabel("解决措施").fill(done);
  await page.getByLabel("解决时限").fill(byWhen);
}

async function rate(page: Page, answer: { stars: string; solved: string; satisfied: string; words: string }): Promise<void> {
  const form = page.getByRole("region", { name: "评价" });
  await form.getByRole("radio", { name: answer.stars }).check({ force: true });
  await form.getByRole("group", { name: "事情解决了吗" }).getByRole("radio", { name: answer.solved, exact: true }).check();
  await form.getByRole("group", { name: "您满意吗" }).getByRole("radio", { name: answer.satisfied, exact: true }).check();
  await form.getByLabel("想说的话").fill(answer.words);
  await form.getByRole("button", { name: "评价" }).click();
}

/** What the timeline of a page says, oldest first. */
const sentences = (page: Page): Promise<string[]> => page.locator(".timeline .sentence").allInnerTexts();

it("a broken street lamp is carried from the resident's phone through the grid, back once, until the resident says it is settled", async () => {
  // The worker and the clerk are at work before anything happens.
  const worker = await openAt("/field/", PHONE);
  await signInOnPage(worker, "worker");
  await worker.getByRole("heading", { name: /件事要办|没有要办的事/ }).waitFor();
  await markPage(worker);
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  const building = await aBuilding(clerkAt);

  // The resident scans the code at the door and reports.
  const resident = await openAt(`/?qr=${building.code}`, PHONE);
  await resident.getByText("您在").waitFor();
  await expect.poll(() => resident.getByText(building.name).count()).toBeGreaterThan(0);
  await resident.getByRole("link", { name: "我要反映问题" }).click();
  await resident.getByLabel("把事情说清楚").fill(WORDS);
  await resident.getByRole("radio", { name: /路灯不亮/ }).check();
  await resident.locator("input[type=file]").setInputFiles(await lampPhoto(resident, false));
  await resident.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
  await resident.getByRole("button", { name: "下一步" }).click();
  await resident.getByText("谁来受理").waitFor();
  await resident.getByLabel("再具体一点").fill("大门东侧第二根灯杆");
  await onFromWhere(resident);
  await resident.getByLabel("手机号码").fill("199 0000 1234");
  await resident.getByLabel("怎么称呼您").fill("张女士");
  await resident.getByRole("button", { name: "下一步" }).click();
  await resident.getByRole("heading", { name: "请看一遍，对不对" }).waitFor();
  await resident.getByRole("button", { name: "提交" }).click();
  await resident.getByRole("heading", { name: "已经收到" }).waitFor();
  const code = new URL(resident.url()).pathname.split("/").at(-1) ?? "";
  await resident.getByRole("link", { name: "看进度" }).click();
  await resident.getByText(/前答复$/).waitFor();
  await markPage(resident);

  // It is the grid's, and its worker sees it without having touched the page.
  const reported = await caseOf(clerkAt, code);
  expect(reported.seat.area.code).toBe(GRID);
  const row = worker.getByRole("link").filter({ hasText: WORDS });
  await row.waitFor();
  expect(await isMarked(worker), "the worker's page was not loaded again").toBe(true);

  await row.click();
  await worker.getByRole("button", { name: "接单" }).click();
  await resident.getByText("正在办理").first().waitFor();
  await worker.getByRole("button", { name: "办结" }).click();
  await fillReply(worker, "与张女士通了电话", "换了灯泡，现场试过，亮了", "今天已修好");
  await worker.locator("dialog input[type=file]").setInputFiles(await lampPhoto(worker, true));
  await worker.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
  await worker.locator("dialog").getByRole("button", { name: "办结" }).click();
  await worker.getByText("待核查").first().waitFor();

  // Another person checks, at the desk.
  const clerk = await clerkAt.newPage();
  await clerk.goto("/desk/inbox?box=to_verify");
  await clerk.getByRole("link").filter({ hasText: WORDS }).click();
  await clerk.getByRole("button", { name: "核查通过" }).click();
  await clerk.getByLabel("核查情况").fill("傍晚去看过，灯亮着");
  await clerk.getByLabel("核查通过").getByRole("button", { name: "核查通过" }).click();

  // The resident, whose page has been open all the time, is not satisfied.
  await resident.getByText("已经办完，请您评价").waitFor();
  await rate(resident, { stars: "2 星，不满意", solved: "否", satisfied: "否", words: "昨晚又灭了" });
  await resident.getByText(/前答复$/).waitFor();
  const reopened = await caseOf(clerkAt, code);
  expect([reopened.seat.level, reopened.reopened]).toEqual(["community", 1]);

  // One level up: the clerk takes it, asks nobody below, and settles it.
  await clerk.goto(`/desk/cases/${code}`);
  await clerk.getByRole("button", { name: "接单" }).click();
  const take = clerk.getByLabel("接单", { exact: true });
  await take.getByRole("button", { name: "接单" }).click();
  await clerk.getByRole("button", { name: "办结" }).click();
  await fillReply(clerk, "与张女士当面沟通", "整流器老化，请供电所一起更换，连续三晚检查正常", "已全部更换完成");
  await clerk.getByRole("region", { name: "办结" }).getByRole("button", { name: "办结" }).click();
  await clerk.getByText("待核查").first().waitFor();

  // Who handled it cannot verify it; the street does.
  const streetAt = await open(DESK);
  await signIn(streetAt, "street");
  const street = await streetAt.newPage();
  await street.goto(`/desk/cases/${code}`);
  await street.getByRole("button", { name: "核查通过" }).click();
  await street.getByRole("region", { name: "核查通过" }).getByRole("button", { name: "核查通过" }).click();

  await resident.getByText("已经办完，请您评价").waitFor();
  await rate(resident, { stars: "5 星，很满意", solved: "是", satisfied: "是", words: "这回真修好了，谢谢" });
  await resident.getByText("已经结案").waitFor();
  expect(await isMarked(resident), "the resident's page was not loaded again").toBe(true);

  // To the resident: what happened, with the names of the grid's own people only.
  expect(await sentences(resident)).toEqual([
    `反映人扫“${building.name}”的二维码反映了这件事`,
    "按位置和责任清单，直接派给红旗社区第三网格",
    "网格员党晓燕接单，开始办理",
    "网格员党晓燕办结并答复，等待核查",
    "红旗社区工作人员核查通过，请反映人评价",
    "反映人表示不满意，给了2星",
    "因居民不满意，第1次重办，升级到红旗社区办理",
    "红旗社区工作人员接单，开始办理",
    "红旗社区工作人员办结并答复，等待核查",
    "站南街道派单员核查通过，请反映人评价",
    "反映人表示满意，给了5星，结案",
  ]);
  // To staff: with everybody's.
  await clerk.goto(`/desk/cases/${code}`);
  await clerk.getByText("已结案").first().waitFor();
  expect(await sentences(clerk)).toEqual([
    `反映人扫“${building.name}”的二维码反映了这件事`,
    "按位置和责任清单，直接派给红旗社区第三网格",
    "网格员党晓燕接单，开始办理",
    "网格员党晓燕办结并答复，等待核查",
    "社区工作人员田丽娟核查通过，请反映人评价",
    "反映人表示不满意，给了2星",
    "因居民不满意，第1次重办，升级到红旗社区办理",
    "社区工作人员田丽娟接单，开始办理",
    "社区工作人员田丽娟办结并答复，等待核查",
    "街道派单员樊文斌核查通过，请反映人评价",
    "反映人表示满意，给了5星，结案",
  ]);
  // Both replies stay readable, the one that did not hold and the one that did.
  expect(await resident.locator(".timeline dl").allInnerTexts()).toEqual([expect.stringContaining("换了灯泡")]);
  expect(await resident.locator(".reply").innerText()).toContain("整流器老化");
  const told = await clerk.locator(".timeline dl").allInnerTexts();
  expect(told.map((reply) => /换了灯泡|整流器老化/.exec(reply)?.[0])).toEqual(["换了灯泡", "整流器老化"]);
});
