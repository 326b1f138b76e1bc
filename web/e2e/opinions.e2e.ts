/** 意见建议: a clerk tells everybody what was proposed and what came of it; a resident reads it, and proposes something too. */
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, PHONE, open, useBrowser } from "./support/browser";
import { signIn } from "./support/city";

useBrowser();

it("what was proposed is told in the clerk's own words, read by everybody, said better and taken back", async () => {
  const summary = `在中心花园装一盏路灯${Date.now().toString(36)}`;
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const page = await desk.newPage();
  await page.goto("/desk/opinions");
  await page.getByRole("heading", { name: /^已答复、还没公开（\d+）$/ }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.locator("a.row").first().click();
  await page.getByRole("button", { name: "公开答复" }).click();
  const dialog = page.getByRole("dialog", { name: "公开答复" });
  await dialog.getByRole("button", { name: "公开", exact: true }).click();
  await dialog.getByText("请写提了什么建议").first().waitFor();
  await dialog.getByLabel("提了什么建议").fill(summary);
  await dialog.getByLabel("采纳情况").selectOption({ label: "已采纳" });
  await dialog.getByLabel("怎么答复的").fill("已经装好，有问题请打19900001000。");
  await dialog.getByRole("button", { name: "公开", exact: true }).click();
  await dialog.getByText(/不要写个人的电话/).first().waitFor();
  expect(await dialog.getByLabel("提了什么建议").inputValue(), "what was typed stays").toBe(summary);
  await dialog.getByLabel("怎么答复的").fill("已经装好，晚上六点亮灯。");
  await dialog.getByRole("button", { name: "公开", exact: true }).click();
  await page.getByText("已公开").first().waitFor();
  await page.getByText(summary).first().waitFor();

  const home = await open(PHONE);
  const phone = await home.newPage();
  await phone.goto("/");
  await phone.getByRole("link", { name: "看看大家提的建议和答复" }).click();
  const card = phone.getByRole("listitem").filter({ hasText: summary });
  await card.getByText("已采纳").waitFor();
  await card.getByText("已经装好，晚上六点亮灯。").waitFor();
  expect(await axeFaults(phone)).toEqual([]);

  await page.getByRole("button", { name: "撤下" }).click();
  await page.getByRole("dialog", { name: "撤下" }).getByRole("button", { name: "撤下", exact: true }).click();
  await page.getByText("已经撤下，居民看不到。").waitFor();
  await phone.reload();
  await phone.getByRole("heading", { name: "大家的建议" }).waitFor();
  await expect.poll(() => card.count()).toBe(0);
});

it("whoever reads what others proposed goes on to a form that knows what kind of matter it is", async () => {
  const home = await open(PHONE);
  const page = await home.newPage();
  await page.goto("/opinions");
  await page.getByRole("button", { name: "我也提一条建议" }).click();
  await page.getByRole("heading", { name: /说|什么/ }).first().waitFor();
  await page.getByText("意见建议").first().waitFor();
});

it("a grid worker looks up what the work is and what it is not", async () => {
  const field = await open(PHONE);
  await signIn(field, "worker");
  const page = await field.newPage();
  await page.goto("/field/me");
  await page.getByRole("link", { name: "职责指导目录" }).click();
  await page.getByRole("heading", { name: "巡查发现" }).waitFor();
  await page.getByText("不执法、不处罚，需要执法的上报").waitFor();
  await page.getByText("每日一巡", { exact: true }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
});
