/** 未诉先办 at the desk: from the inbox to what keeps coming, the cases behind it, and what a person decides. */
import { beforeAll, expect, it, vi } from "vitest";
import type { components } from "../src/shared/api/schema";
import { axeFaults } from "./support/axe";
import { DESK, open, useBrowser } from "./support/browser";
import { COMMUNITY, report, signIn } from "./support/city";

useBrowser();

type HotSpot = components["schemas"]["HotSpot"];
/** Grids in which nothing else of the tests happens. */
const LAMPS = { area: `${COMMUNITY}007`, category: "lamp", name: "路灯不亮" };
const GARBAGE = { area: `${COMMUNITY}008`, category: "garbage", name: "垃圾未清、桶满" };
/** Left as it is. */
const PARKING = { area: `${COMMUNITY}009`, category: "parking", name: "乱停车" };
const ALL = [LAMPS, GARBAGE, PARKING];
/** linli looks once a minute. */
const FOUND_WITHIN = { timeout: 100_000, interval: 2_000 };

beforeAll(async () => {
  for (const { area, category, name } of ALL) {
    for (const n of ["一", "二", "三"]) await report({ text: `${name}，第${n}次说了`, area_code: area, category });
  }
  const clerk = await open(DESK);
  await signIn(clerk, "clerk");
  const found = async (): Promise<string[]> => {
    const { items } = (await (await clerk.request.get("/api/hot-spots")).json()) as { items: HotSpot[] };
    return items.map((spot) => `${spot.area.code} ${spot.category}`);
  };
  await vi.waitFor(async () => expect(await found()).toEqual(expect.arrayContaining(ALL.map(({ area, category }) => `${area} ${category}`))), FOUND_WITHIN);
});

it("a clerk comes from the inbox to what keeps coming, sees exactly its cases, and opens one for the root of it", async () => {
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const page = await desk.newPage();
  await page.goto("/desk/inbox?box=all_open");
  await page.getByRole("link", { name: /^高频问题\s*\d+$/ }).click();
  const entry = page.getByRole("link", { name: /路灯不亮.*红旗社区第七网格/s });
  await entry.click();
  await page.getByText("共 3 件").waitFor();
  expect(await page.locator("table a[data-case]").count()).toBe(3);
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "立为主动办理件" }).click();
  expect(await page.getByLabel("要解决什么").inputValue()).toContain("第七网格");
  await page.getByLabel("要解决什么").fill("第七网格的路灯线路老化，整条更换");
  await page.getByRole("button", { name: "立件" }).click();
  await page.getByText("第七网格的路灯线路老化，整条更换").first().waitFor();
  await page.getByText("发现同一问题反复出现，主动立项").waitFor();
  await page.goto("/desk/hot-spots?state=decided");
  await entry.click();
  await page.getByText("已立为主动办理件").last().waitFor();
  await page.getByRole("link", { name: "打开这一件" }).waitFor();
});

it("nothing follows only with a reason, which stands with the name of whoever decided", async () => {
  const desk = await open(DESK);
  await signIn(desk, "clerk");
  const page = await desk.newPage();
  await page.goto("/desk/hot-spots");
  await page.getByRole("link", { name: /垃圾未清.*红旗社区第八网格/s }).click();
  await page.getByRole("button", { name: "不办理，说明原因" }).click();
  await page.getByRole("button", { name: "记录不办理" }).click();
  await page.getByRole("alert").getByText(/不办理的原因/).waitFor();
  await page.getByLabel("不办理的原因").fill("三件是同一位居民重复反映，已上门说明");
  await page.getByRole("button", { name: "记录不办理" }).click();
  await page.getByRole("link", { name: /垃圾未清.*红旗社区第八网格/s }).click();
  await page.getByText("三件是同一位居民重复反映，已上门说明").waitFor();
  await page.getByText(/田丽娟/).last().waitFor();
});

it("whoever may look and not decide is told who decides", async () => {
  const desk = await open(DESK);
  await signIn(desk, "leader");
  const page = await desk.newPage();
  await page.goto("/desk/hot-spots");
  await page.getByRole("link", { name: /乱停车.*红旗社区第九网格/s }).click();
  await page.getByText("由社区、街道、网格或热线的工作人员决定").waitFor();
  expect(await page.getByRole("button", { name: "立为主动办理件" }).count()).toBe(0);
});
