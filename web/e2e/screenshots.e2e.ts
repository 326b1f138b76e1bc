/**
 * The pictures of docs/screenshots. Written only when asked for (LINLI_SCREENSHOTS=1), so that a usual run leaves the tree as it was.
 * LINLI_SCREENSHOTS_DIR puts them elsewhere.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { DESK, PHONE, open, openAt, useBrowser } from "./support/browser";
import { COMMUNITY, aBuilding, act, report, signIn, upload, type Who } from "./support/city";
import { lampPhoto } from "./support/photo";
import { smaller } from "./support/png";

useBrowser();

const DIR = process.env.LINLI_SCREENSHOTS_DIR ?? fileURLToPath(new URL("../../docs/screenshots", import.meta.url));
/** A picture for a document, not for a poster. */
const MOST_BYTES = 700_000;

async function shoot(page: Page, name: string): Promise<void> {
  await expect.poll(() => page.locator(".skeleton, [aria-busy=true]").count()).toBe(0);
  await page.waitForLoadState("networkidle").catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
  const taken = await page.screenshot({ animations: "disabled" });
  // The pages' own policy lets nothing be fetched from an address of data.
  const blank = await page.context().newPage();
  const picture = await smaller(blank, taken);
  await blank.close();
  mkdirSync(DIR, { recursive: true });
  writeFileSync(join(DIR, `${name}.png`), picture);
  expect(picture.length, name).toBeLessThan(MOST_BYTES);
}

async function as(who: Who, screen: typeof DESK, path: string): Promise<Page> {
  const context = await open(screen);
  await signIn(context, who);
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

describe.runIf(process.env.LINLI_SCREENSHOTS === "1")("the pictures of the documents", () => {
  it("show the residents' pages", async () => {
    const clerk = await open(DESK);
    await signIn(clerk, "clerk");
    const building = await aBuilding(clerk);
    const page = await openAt(`/?qr=${building.code}`, PHONE);
    await page.getByRole("link", { name: "我要反映问题" }).click();
    await page.getByLabel("把事情说清楚").fill("小区大门口的路灯不亮，已经三天了，晚上接孩子看不清路");
    await page.locator("input[type=file]").setInputFiles(await lampPhoto(page, false));
    await page.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
    await page.getByRole("radio", { name: /路灯不亮/ }).check();
    await page.evaluate(() => window.scrollTo(0, 0));
    await shoot(page, "home-report");

    const worker = await open(PHONE);
    await signIn(worker, "worker");
    const photo = await upload(await lampPhoto(page, false));
    const code = await report({ text: "小区大门口的路灯不亮，已经三天了，晚上接孩子看不清路", place: building.code, category: "lamp", phone: "19900001234", attachments: [photo] });
    await act(worker, code, "take", {});
    await act(worker, code, "comment", { text: "到现场看过，灯泡坏了，明天上午来换", public: true });
    await page.goto(`/c/${code}`);
    await page.getByText(/前答复$/).waitFor();
    await shoot(page, "home-progress");

    const field = await worker.newPage();
    await field.goto(`/field/cases/${code}`);
    await field.getByRole("button", { name: "办结" }).waitFor();
    await shoot(field, "field-case");
  });

  it("show the grid workers' day", async () => {
    const page = await as("worker", PHONE, "/field/");
    await page.locator("section.group").first().waitFor();
    await shoot(page, "field-today");
  });

  it("show the desk", async () => {
    const inbox = await as("clerk", DESK, "/desk/inbox?box=all_open");
    await inbox.locator("table a[data-case]").first().waitFor();
    await shoot(inbox, "desk-inbox");
    const answer = (await (await inbox.context().request.get("/api/cases?box=to_verify&limit=50")).json()) as { items: { id: string; has_photos: boolean }[] };
    const chosen = answer.items.find((row) => row.has_photos) ?? answer.items[0];
    await inbox.goto(`/desk/cases/${chosen?.id ?? ""}?box=to_verify`);
    await inbox.locator(".timeline").waitFor();
    await inbox.locator("[data-drawn]").waitFor();
    await shoot(inbox, "desk-case");

    const admin = await as("admin", DESK, `/desk/areas/${COMMUNITY}`);
    await admin.locator("[data-drawn]").waitFor();
    await shoot(admin, "desk-areas");
    await admin.goto("/desk/people");
    await admin.getByRole("row").nth(1).waitFor();
    await shoot(admin, "desk-people");
    await admin.goto("/desk/playbook");
    await admin.getByRole("tab", { name: /^权责清单/ }).click();
    await shoot(admin, "desk-playbook");
  });

  it("show the one map", async () => {
    const page = await as("hotline", DESK, "/wall/");
    await page.locator("[data-drawn]").waitFor();
    await shoot(page, "wall");
  });
});
