/** One map: from the city to a grid, by list and by click; every figure is the cases behind it. */
import { expect, it } from "vitest";
import { DESK, open, useBrowser } from "./support/browser";
import { signIn } from "./support/city";

useBrowser();

async function wall(path = "/wall/"): Promise<import("playwright-core").Page> {
  const at = await open(DESK);
  await signIn(at, "leader");
  const page = await at.newPage();
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

it("a leader goes down from the county to a grid and its cases with the keyboard alone", async () => {
  const page = await wall();
  await page.getByRole("heading", { name: "临渭区", level: 1 }).waitFor();
  for (const name of ["站南街道", "红旗社区", "第三网格"]) {
    const list = page.getByRole("region", { name: "下辖区域" });
    await list.getByRole("link", { name: new RegExp(`^${name}`) }).waitFor();
    await list.getByRole("link").first().focus();
    for (let presses = 0; presses < 60; presses += 1) {
      const at = await page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent ?? "");
      if (at.startsWith(name)) break;
      await page.keyboard.press("j");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  }
  expect(page.url()).toContain("/wall/610502005007003");
});

it("a click on the map opens the area there", async () => {
  const page = await wall("/wall/610502005007");
  await page.locator(".map-label").first().waitFor();
  const canvas = page.locator(".maplibregl-canvas");
  const label = page.locator(".map-label", { hasText: "第三网格" });
  const [box, at] = [await canvas.boundingBox(), await label.boundingBox()];
  if (box === null || at === null) throw new Error("the map has no size");
  await canvas.click({ position: { x: at.x + at.width / 2 - box.x, y: at.y + at.height / 2 - box.y }, force: true });
  await page.getByRole("heading", { name: "第三网格", level: 1 }).waitFor();
});

it("a figure opens exactly its cases at the desk", async () => {
  const page = await wall("/wall/610502005007");
  const figure = page.getByRole("complementary", { name: "数字" }).getByRole("link").first();
  await figure.waitFor();
  const n = Number.parseInt(/\d+/.exec(await figure.locator(".value").innerText())?.[0] ?? "-1", 10);
  await figure.click();
  await page.waitForURL(/\/desk\/inbox\?/);
  await page.getByText(`共${n}件`).waitFor();
});
