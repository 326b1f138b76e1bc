/** 疑似重复, on the residents' pages: what was reported near by is offered before sending, and following it is as good as reporting. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, SMALL_PHONE, open, openAt, sidewaysBy, useBrowser } from "./support/browser";
import { GRID, REPLY, act, report, signIn } from "./support/city";

useBrowser();

/** Words that nothing else in the city says, so that only this test's matters are alike. */
const MATTER = "景观喷泉的水泵整夜轰鸣，三楼以下都睡不着";
const AGAIN = "景观喷泉水泵整夜轰鸣，吵得睡不着觉";

/** Writes a report to the page that asks whether it is the same matter. */
async function writeToKnown(page: Page): Promise<void> {
  await page.getByLabel("把事情说清楚").fill(AGAIN);
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByLabel("社区、街道或网格的名字").fill("红旗社区第三网格");
  await page.getByRole("button", { name: /红旗社区第三网格/ }).first().click();
  await page.getByText("谁来受理").waitFor();
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByRole("heading", { name: "附近已有人反映同样的事" }).waitFor();
}

it("a resident follows what was reported near by, with a code of their own, and is answered with it", async () => {
  const first = await report({ text: `${MATTER}，我住2单元402`, area_code: GRID, category: "lamp", address: "2单元402室", phone: "19900004321" });
  const page = await openAt("/report", PHONE);
  await writeToKnown(page);
  const card = page.getByRole("article").first();
  const told = await card.innerText();
  expect(told).toContain("红旗社区第三网格");
  expect(told).toMatch(/前答复/);
  // Nothing in the words of whoever said it, and not their code.
  expect(await page.content()).not.toContain("402");
  expect(await page.content()).not.toContain(first);
  await card.getByRole("button", { name: "就是这件事，我也关注" }).click();
  await page.getByRole("button", { name: "不留电话，下一步" }).click();
  await page.getByRole("term").filter({ hasText: "一起关注" }).waitFor();
  await page.getByRole("button", { name: "提交" }).click();
  await page.getByRole("heading", { name: "已经收到" }).waitFor();
  await page.getByText("和别人先反映的合在一起办").waitFor();
  const code = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  expect(code).not.toBe(first);
  await page.getByRole("link", { name: "看进度" }).click();
  await page.getByText(/前答复$/).waitFor();

  const workerAt = await open(DESK);
  await signIn(workerAt, "worker");
  const clerkAt = await open(DESK);
  await signIn(clerkAt, "clerk");
  await act(workerAt, first, "take", {});
  await act(workerAt, first, "settle", { reply: REPLY });
  await act(clerkAt, first, "verify", {});
  await page.getByText("已经办完，请您评价").waitFor();
  await page.getByText(REPLY.done).first().waitFor();
});

it("whoever says that it is another matter reports as usual, and a change of words asks anew", async () => {
  await report({ text: MATTER, area_code: GRID });
  const page = await openAt("/report", PHONE);
  await writeToKnown(page);
  await page.getByRole("article").first().getByRole("button", { name: "就是这件事，我也关注" }).click();
  await page.getByRole("heading", { name: "怎么联系您？" }).waitFor();
  // Back to the words: another matter is not followed along.
  await page.goto("/report");
  await page.getByLabel("把事情说清楚").fill("地下车库入口的减速带翘起来了，车过容易扎胎");
  await page.goto("/report/check");
  await page.getByRole("heading", { name: "请看一遍，对不对" }).waitFor();
  expect(await page.getByRole("term").filter({ hasText: "一起关注" }).count()).toBe(0);
  await page.goto("/report");
  await page.getByLabel("把事情说清楚").fill(AGAIN);
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByText("谁来受理").waitFor();
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByRole("button", { name: "不是同一件事，继续反映" }).click();
  await page.getByRole("button", { name: "不留电话，下一步" }).click();
  await page.getByRole("button", { name: "提交" }).click();
  await page.getByRole("heading", { name: "已经收到" }).waitFor();
  expect(await page.getByText("和别人先反映的合在一起办").count()).toBe(0);
});

it("the page fits small screens and large letters, and blocks nobody", async () => {
  await report({ text: MATTER, area_code: GRID });
  for (const screen of [PHONE, SMALL_PHONE]) {
    const page = await openAt("/report", screen);
    await writeToKnown(page);
    expect(await axeFaults(page)).toEqual([]);
    expect(await sidewaysBy(page)).toBe(0);
    await page.getByRole("button", { name: "长辈版" }).click();
    expect(await sidewaysBy(page)).toBe(0);
    const heights = await page.locator("main button").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(60);
  }
});

it("when suggestions cannot be had the report goes on without them", async () => {
  await report({ text: MATTER, area_code: GRID });
  const page = await openAt("/report", PHONE);
  await page.route("**/api/similar", (route) => route.abort());
  await page.getByLabel("把事情说清楚").fill(AGAIN);
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByLabel("社区、街道或网格的名字").fill("红旗社区第三网格");
  await page.getByRole("button", { name: /红旗社区第三网格/ }).first().click();
  await page.getByText("谁来受理").waitFor();
  await page.getByRole("button", { name: "下一步" }).click();
  await page.getByRole("heading", { name: "怎么联系您？" }).waitFor();
});
