/** Every page of every face as it looks: nothing that blocks people, and the pictures of the README. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFaults } from "./support/axe";
import { DESK, TWICE, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { COMMUNITY, GRID, REPLY, act, report, signIn, type Who } from "./support/city";

useBrowser();

const pictures = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));

/** Takes the picture of the README; a normal run leaves the tree as it was. */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env.LINLI_SCREENSHOTS !== "1") return;
  mkdirSync(pictures, { recursive: true });
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  await page.screenshot({ path: `${pictures}${name}.png`, scale: "css" });
}

interface Shown {
  name: string;
  path: string;
  who?: Who;
  screen: BrowserContextOptions;
  /** What stands on the page once it is there. */
  until: string;
  picture?: string;
}

const lamp = (): Promise<string> => report({ text: "3号楼东侧的路灯不亮，晚上回家看不清路，老人走着不放心", area_code: GRID, category: "lamp", phone: "19900000021" });

async function aTakenCase(): Promise<string> {
  const context = await open(PHONE);
  await signIn(context, "worker");
  const code = await lamp();
  await act(context, code, "take", {});
  await act(context, code, "comment", { text: "已到现场看过，灯泡烧了，联系维修下午换" });
  await context.close();
  return code;
}

async function aSettledCase(): Promise<string> {
  const code = await aTakenCase();
  const context = await open(PHONE);
  await signIn(context, "worker");
  await act(context, code, "settle", { reply: REPLY });
  await context.close();
  const clerk = await open(DESK);
  await signIn(clerk, "clerk");
  await act(clerk, code, "verify", {});
  await clerk.close();
  return code;
}

async function show({ path, who, screen, until }: Shown, more: BrowserContextOptions = {}): Promise<Page> {
  const context = await open(screen, more);
  if (who !== undefined) await signIn(context, who);
  const page = await context.newPage();
  await page.goto(path);
  await page.locator(until).first().waitFor();
  await page.waitForLoadState("networkidle").catch(() => undefined);
  return page;
}

async function check(shown: Shown, more: BrowserContextOptions = {}): Promise<void> {
  const page = await show(shown, more);
  expect(await axeFaults(page), `${shown.name} at ${page.url()}`).toEqual([]);
  if (shown.picture !== undefined && more.colorScheme === undefined) await picture(page, shown.picture);
  await page.context().close();
}

const DARK: BrowserContextOptions = { colorScheme: "dark" };

const desk = (name: string, path: string, who: Who = "clerk", picture?: string): Shown => ({ name, path, who, screen: DESK, until: "main h1, main h2, main table", ...(picture === undefined ? {} : { picture }) });

const STAFF_PAGES: Shown[] = [
  desk("the inbox", "/desk/inbox?box=all_open", "clerk", "desk-inbox"),
  desk("the search", "/desk/inbox?q=路灯", "clerk"),
  desk("registering for a resident", "/desk/register", "hotline"),
  desk("an area", `/desk/areas/${COMMUNITY}`, "clerk", "desk-areas"),
  desk("the people", "/desk/people", "admin", "desk-people"),
  desk("the playbook", "/desk/playbook", "clerk", "desk-playbook"),
  desk("the read log", "/desk/read-log", "auditor"),
  desk("one's own account", "/desk/account", "clerk"),
  { name: "the wall", path: "/wall/", who: "leader", screen: DESK, until: "main", picture: "wall" },
  { name: "the wall of a community", path: `/wall/${COMMUNITY}`, who: "clerk", screen: DESK, until: "main" },
  { name: "the field's sign-in", path: "/field/", screen: PHONE, until: "form" },
  { name: "the day of a grid worker", path: "/field/", who: "worker", screen: PHONE, until: "main h1, main h2", picture: "field-today" },
  { name: "the note of a grid worker", path: "/field/new", who: "worker", screen: PHONE, until: "main" },
];

for (const shown of STAFF_PAGES) {
  it(`${shown.name} blocks nobody, light and dark`, async () => {
    await check(shown);
    await check(shown, DARK);
  });
}

it("the case page of the desk blocks nobody", async () => {
  const code = await aTakenCase();
  await check(desk("a case", `/desk/cases/${code}`, "clerk", "desk-case"));
});

it("the case page of the field blocks nobody", async () => {
  const code = await aTakenCase();
  await check({ name: "a case in the field", path: `/field/cases/${code}`, who: "worker", screen: PHONE, until: "main h1", picture: "field-case" });
});

it("reporting and following block nobody, in the elder form, in the dark and at twice the size", async () => {
  const code = await aSettledCase();
  const home: Shown[] = [
    { name: "the first page", path: "/", screen: PHONE, until: "main h1", picture: "home-report" },
    { name: "the progress page", path: `/c/${code}`, screen: PHONE, until: "main h1", picture: "home-progress" },
  ];
  for (const shown of home) {
    await check(shown);
    await check(shown, DARK);
    const page = await show({ ...shown, screen: TWICE });
    expect(await sidewaysBy(page), `${shown.name} at 200 %`).toBe(0);
    expect(await axeFaults(page), `${shown.name} at 200 %`).toEqual([]);
    await page.context().close();
  }
});

it("the pages without a script and the API's document block nobody", async () => {
  for (const path of ["/plain", "/api/docs"]) {
    const page = await (await open(DESK)).newPage();
    await page.goto(`${origin()}${path}`);
    expect(await axeFaults(page), path).toEqual([]);
    await page.context().close();
  }
});
