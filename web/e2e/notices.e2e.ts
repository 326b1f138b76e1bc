/** News for staff, a banner for residents, and the outbox at the desk. */
import { expect, it } from "vitest";
import { DESK, PHONE, open, openAt, sidewaysBy, useBrowser } from "./support/browser";
import { GRID, report, signIn, type Who } from "./support/city";

useBrowser();

async function pageOf(who: Who, path: string): Promise<Awaited<ReturnType<typeof openAt>>> {
  const at = await open(DESK);
  await signIn(at, who);
  const page = await at.newPage();
  await page.goto(path);
  return page;
}

it("a grid worker hears of a new case by the bell, opens it, and the count goes down", async () => {
  const at = await open(PHONE);
  await signIn(at, "worker");
  await report({ text: "三号楼门口的路灯又灭了", area_code: GRID, category: "stair_light" });
  const page = await at.newPage();
  const news = page.locator("li.unread").first();
  for (let tries = 0; tries < 20; tries += 1) {
    await page.goto("/field/notices");
    await page.locator(".bell li, .bell h2, .bell p").first().waitFor();
    if (await news.isVisible()) break;
    await page.waitForTimeout(500);
  }
  const before = await page.locator("li.unread").count();
  expect(await sidewaysBy(page)).toBe(0);
  await news.getByRole("link").click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.goto("/field/notices");
  await page.locator(".bell li").first().waitFor();
  expect(await page.locator("li.unread").count()).toBeLessThan(before);
});

it("a banner that a clerk puts up stands on the page of a case in the area until it is taken down", async () => {
  const page = await pageOf("clerk", "/desk/banners");
  const said = "明天八点到十八点，红旗社区停水";
  await page.getByLabel("公告内容").fill(said);
  await page.getByRole("button", { name: "发布", exact: true }).click();
  await page.locator("li", { hasText: said }).first().waitFor();
  const code = await report({ text: "水管接头滴水", area_code: GRID });
  const plain = await openAt(`/plain/c/${code}`, PHONE);
  await plain.getByText(said).waitFor();
  await page.locator("li", { hasText: said }).first().getByRole("button", { name: "撤下" }).click();
  await page.getByText("已撤下").first().waitFor();
  await plain.reload();
  expect(await plain.getByText(said).count()).toBe(0);
});

it("the outbox and the log of notices open to those who may see them", async () => {
  const outbox = await pageOf("admin", "/desk/deliveries");
  await outbox.getByRole("heading", { level: 1, name: "出站记录" }).waitFor();
  const log = await pageOf("auditor", "/desk/notice-log");
  await log.getByRole("heading", { level: 1, name: "通知记录" }).waitFor();
  await log.getByText("未读").waitFor({ state: "detached" });
});
