/** axe over every page of every face: as it is, for elders, in the dark, and at twice the size. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { DESK, PHONE, open, sidewaysBy, useBrowser } from "./support/browser";
import { axeFaults } from "./support/axe";
import { COMMUNITY, GRID, REPLY, aBuilding, act, report, signIn, type Who } from "./support/city";

useBrowser();

interface Subject {
  name: string;
  /** Brings the page to what is to be looked at. */
  show: (page: Page) => Promise<void>;
}

const at = (name: string, path: string, then?: (page: Page) => Promise<void>): Subject => ({
  name,
  show: async (page) => {
    await page.goto(path);
    await page.locator("h1").first().waitFor({ state: "attached" });
    await then?.(page);
  },
});

/** Waits until nothing is being loaded any more. */
async function settle(page: Page): Promise<void> {
  await expect.poll(() => page.locator(".skeleton, [aria-busy=true]").count(), { timeout: 20_000 }).toBe(0);
}

/** 200 % zoom leaves half of the pixels. */
async function inEveryMode(page: Page, subject: Subject, elder: boolean): Promise<string[]> {
  const found: string[] = [];
  const look = async (mode: string): Promise<void> => {
    found.push(...(await axeFaults(page)).map((fault) => `${subject.name} (${mode}) ${fault}`));
  };
  const size = page.viewportSize();
  await subject.show(page);
  await settle(page);
  await look("normal");
  await page.emulateMedia({ colorScheme: "dark" });
  await look("dark");
  await page.emulateMedia({ colorScheme: "light" });
  if (elder) {
    await page.evaluate(() => document.documentElement.setAttribute("data-elder", ""));
    await look("elder");
    await page.evaluate(() => document.documentElement.removeAttribute("data-elder"));
  }
  if (size !== null) {
    await page.setViewportSize({ width: Math.round(size.width / 2), height: Math.round(size.height / 2) });
    await look("200 %");
    const by = await sidewaysBy(page);
    if (by > 0) found.push(`${subject.name} (200 %) scrolls sideways by ${by} px`);
    await page.setViewportSize(size);
  }
  return found;
}

async function faultsOf(page: Page, subjects: readonly Subject[], elder: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const subject of subjects) found.push(...(await inEveryMode(page, subject, elder)));
  return found;
}

async function signedIn(who: Who, screen: typeof DESK): Promise<Page> {
  const context = await open(screen);
  await signIn(context, who);
  return context.newPage();
}

async function answeredCase(): Promise<string> {
  const worker = await open(DESK);
  await signIn(worker, "worker");
  const clerk = await open(DESK);
  await signIn(clerk, "clerk");
  const code = await report({ text: "楼门口的路灯不亮", area_code: GRID, category: "lamp", phone: "19900004321" });
  await act(worker, code, "take", {});
  await act(worker, code, "settle", { reply: REPLY });
  await act(clerk, code, "verify", {});
  return code;
}

describe("axe finds nothing serious or critical", () => {
  it("on the residents' pages", async () => {
    const clerk = await open(DESK);
    await signIn(clerk, "clerk");
    const building = await aBuilding(clerk);
    const answered = await answeredCase();
    const fresh = await report({ text: "楼门口的路灯又不亮了", area_code: GRID, category: "lamp" });
    const page = await (await open(PHONE)).newPage();
    const next = (): Promise<void> => page.getByRole("button", { name: "下一步" }).click();
    const found = await faultsOf(
      page,
      [
        at("landing", `/?qr=${building.code}`),
        at("what", "/report", async () => {
          await next();
          await page.getByRole("alert").waitFor();
          await page.getByLabel("把事情说清楚").fill("路灯不亮");
          await page.getByRole("radio", { name: /路灯不亮/ }).waitFor();
        }),
        at("emergency", "/report", async () => {
          await page.getByLabel("把事情说清楚").fill("楼道着火了");
          await page.getByRole("link", { name: "拨打 119" }).waitFor();
          await page.getByRole("button", { name: "现在没有危险，继续填写" }).waitFor();
        }),
        at("where chosen", "/report/where", () => page.getByText("谁来受理").waitFor()),
        at("where by name", "/report/where", async () => {
          await page.getByRole("button", { name: "换地方" }).click();
          await page.getByLabel("社区、街道或网格的名字").fill("社区");
          await page.locator(".hit").first().waitFor();
        }),
        at("where by list", "/report/where", async () => {
          await page.getByRole("button", { name: "换地方" }).click();
          await page.getByRole("button", { name: "从列表选" }).click();
          await page.getByRole("button", { name: "渭南市", exact: true }).waitFor();
        }),
        at("where by map", "/report/where", async () => {
          await page.getByRole("button", { name: "换地方" }).click();
          await page.getByRole("button", { name: "在地图上点" }).click();
          await page.locator(".map-label").first().waitFor();
        }),
        at("contact", "/report/contact"),
        at("check", "/report/check"),
        at("sent", `/sent/${fresh}`, () => page.getByText(/前答复$/).waitFor()),
        at("progress", `/c/${fresh}`, () => page.getByText(/前答复$/).waitFor()),
        at("rating", `/c/${answered}`, () => page.getByText("已经办完，请您评价").waitFor()),
        at("unknown code", "/c/NOTACODE99"),
        at("lost", "/no/such/page"),
      ],
      true,
    );
    expect(found).toEqual([]);
  }, 400_000);

  it("on the grid workers' pages", async () => {
    const code = await report({ text: "楼门口的路灯不亮", area_code: GRID, category: "lamp", phone: "19900004321" });
    const out = await (await open(PHONE)).newPage();
    const found = await faultsOf(out, [at("sign in", "/field/login")], true);
    const page = await signedIn("worker", PHONE);
    found.push(
      ...(await faultsOf(
        page,
        [
          at("today", "/field/", () => page.locator("section.group").first().waitFor()),
          at("cases", "/field/cases", () => page.locator(".item").first().waitFor()),
          at("case", `/field/cases/${code}`, () => page.getByRole("button", { name: "接单" }).waitFor()),
          at("form", `/field/cases/${code}`, async () => {
            await page.getByRole("button", { name: "退单" }).click();
            const form = page.getByRole("dialog");
            await form.getByRole("button", { name: "退单" }).click();
          }),
          at("note", "/field/new"),
          at("me", "/field/me"),
          at("password", "/field/password"),
        ],
        true,
      )),
    );
    expect(found).toEqual([]);
  }, 400_000);

  it("on the desk's pages", async () => {
    const code = await report({ text: "楼门口的路灯不亮", area_code: GRID, phone: "19900004321" });
    const answered = await answeredCase();
    const out = await (await open(DESK)).newPage();
    const found = await faultsOf(out, [at("sign in", "/desk/login")], false);
    const clerk = await signedIn("clerk", DESK);
    found.push(
      ...(await faultsOf(
        clerk,
        [
          at("inbox", "/desk/inbox?box=all_open", () => clerk.locator("table a[data-case]").first().waitFor()),
          at("empty inbox", "/desk/inbox?box=all_open&q=没有这样的事"),
          at("search", "/desk/inbox?q=路灯", () => clerk.locator("table mark").first().waitFor()),
          at("places offered", "/desk/inbox?box=all_open", async () => {
            await clerk.getByRole("combobox", { name: "搜索事项" }).pressSequentially("hqsq");
            await clerk.getByRole("listbox", { name: "按地名筛选" }).getByRole("option").first().waitFor();
          }),
          at("case", `/desk/cases/${answered}`, () => clerk.locator(".timeline").waitFor()),
          at("dispatch", `/desk/cases/${code}`, async () => {
            await clerk.getByRole("button", { name: "派单" }).click();
            await clerk.locator(".seat").first().waitFor();
            await clerk.getByRole("region", { name: "派单" }).getByRole("button", { name: "派单" }).click();
          }),
          at("picked cases", "/desk/inbox?box=all_open", async () => {
            await clerk.locator("tbody input[type=checkbox]").first().click();
            await clerk.getByRole("region", { name: "已选中的事项" }).getByRole("button", { name: "催办" }).or(clerk.getByRole("button", { name: "更多操作" })).first().waitFor();
          }),
          at("call", "/desk/call", async () => {
            await clerk.getByLabel("来电人说什么").fill("楼道里着火了，冒出来好多烟");
            await clerk.getByRole("alert").filter({ hasText: "请先告诉来电人" }).waitFor();
          }),
          at("call-backs", "/desk/callbacks", () => clerk.getByRole("article", { name: "回访" }).waitFor()),
          at("register", "/desk/register"),
          at("areas", `/desk/areas/${COMMUNITY}`, () => clerk.getByRole("treeitem").first().waitFor()),
          at("printed codes", `/desk/areas/${GRID}001/qr`, () => clerk.getByAltText(/的二维码/).first().waitFor()),
          at("account", "/desk/account"),
          at("no permission", "/desk/read-log"),
          at("lost", "/desk/no/such/page"),
          ...["categories", "responsibilities", "flows", "deadlines", "units", "findings", "calendar"].map((tab) =>
            at(`playbook ${tab}`, "/desk/playbook", () => clerk.locator(`#tab-${tab}`).click()),
          ),
        ],
        false,
      )),
    );
    const admin = await signedIn("admin", DESK);
    found.push(
      ...(await faultsOf(
        admin,
        [
          at("people", "/desk/people", () => admin.getByRole("row").nth(1).waitFor()),
          at("account of another", "/desk/people", () => admin.locator(".accounts tbody button").first().click()),
          at("new account", "/desk/people", async () => {
            await admin.getByRole("button", { name: "新建账号" }).click();
            await admin.getByRole("dialog").getByRole("button", { name: "新建账号" }).click();
          }),
        ],
        false,
      )),
    );
    const auditor = await signedIn("auditor", DESK);
    found.push(...(await faultsOf(auditor, [at("read log", "/desk/read-log")], false)));
    expect(found).toEqual([]);
  }, 600_000);

  it("on the pages without a script and the document of the API", async () => {
    const phone = await (await open(PHONE)).newPage();
    const code = await report({ text: "楼门口的路灯不亮", area_code: GRID, category: "lamp" });
    const found = await faultsOf(phone, [at("plain report", "/plain"), at("plain progress", `/plain/c/${code}`)], false);
    const desk = await (await open(DESK)).newPage();
    found.push(...(await faultsOf(desk, [at("document of the API", "/api/docs")], false)));
    expect(found).toEqual([]);
  });

  it("on the wall", async () => {
    const out = await (await open(DESK)).newPage();
    const found = await faultsOf(out, [{ name: "signed out", show: async (page) => void (await page.goto("/wall/")) }], false);
    const page = await signedIn("leader", DESK);
    found.push(
      ...(await faultsOf(
        page,
        [
          at("county", "/wall/", () => page.locator(".areas a").first().waitFor()),
          at("community", `/wall/${COMMUNITY}`, () => page.locator(".map-label").first().waitFor()),
          at("grid", `/wall/${GRID}001`),
        ],
        false,
      )),
    );
    expect(found).toEqual([]);
  }, 400_000);
});
