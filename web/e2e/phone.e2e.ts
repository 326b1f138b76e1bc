/** The grid worker's phone with no network: it opens, it keeps, it sends later, and it gives nothing away. */
import { expect, it } from "vitest";
import { DESK, PHONE, open, origin, sidewaysBy, useBrowser } from "./support/browser";
import { ACCOUNTS, GRID, REPLY, aBuilding, caseOf, report, signIn, signInOnPage } from "./support/city";
import { axeFaults } from "./support/axe";
import { between } from "./support/between";
import { lampPhoto } from "./support/photo";
import { PIN, PIN_LABEL, Thumb, clockWrongBy, openWithPin, phoneOf, setPin, storedBytes, uploaded, writeDown } from "./support/phone";

useBrowser();

const HOUR_MS = 3_600_000;

interface VisitRow {
  id: string;
  note: string | null;
  n_photos: number;
  case_id: string | null;
}

async function visitsOf(context: { request: { get: (url: string) => Promise<{ json: () => Promise<unknown> }> } }): Promise<VisitRow[]> {
  return ((await (await context.request.get("/api/visits?mine=true&limit=200")).json()) as { items: VisitRow[] }).items;
}

it("opens with no network, with the day's list, after the app was closed", async () => {
  const { context, page } = await phoneOf("worker");
  const known = await page.locator(".item .text").allInnerTexts();
  expect(known.length).toBeGreaterThan(2);
  await context.setOffline(true);
  await page.close();
  const again = await context.newPage();
  const begun = performance.now();
  await again.goto("/field/");
  await again.getByLabel(PIN_LABEL).waitFor();
  console.log(`opens with no network in ${Math.round(performance.now() - begun)} ms`);
  await again.getByLabel(PIN_LABEL).fill(PIN);
  await again.getByRole("status").filter({ hasText: "没有网络，数据是" }).waitFor();
  expect(await again.locator(".item .text").allInnerTexts()).toEqual(known);
  for (const tab of ["事项", "走访", "我的", "今日"]) {
    await again.getByRole("link", { name: tab, exact: true }).click();
    await again.getByRole("heading", { level: 1 }).waitFor();
    expect(await sidewaysBy(again)).toBe(0);
    expect(await axeFaults(again), tab).toEqual([]);
  }
  await again.goto("/field/uploads");
  await again.getByLabel(PIN_LABEL).waitFor();
  expect(await axeFaults(again)).toEqual([]);
});

it("a PIN that was typed before the phone knew whose outbox lies on it opens it all the same", async () => {
  const { context, page } = await phoneOf("worker");
  await page.close();
  await context.addInitScript(() => {
    const atOnce = indexedDB.databases.bind(indexedDB);
    indexedDB.databases = () => new Promise((resolve) => setTimeout(resolve, 1_500)).then(atOnce);
  });
  await openWithPin(await context.newPage());
  await context.close();
});

it("needs few taps for what is done every day, on targets that a thumb can hit", async () => {
  const code = await report({ text: "巷口的路灯今天早上不亮了，等着接单", area_code: GRID, category: "lamp" });
  const { context, page } = await phoneOf("worker");
  const building = await aBuilding(context);
  await context.setOffline(true);
  const tab = (name: string) => page.getByRole("link", { name, exact: true });
  const lines: string[] = [];
  const measure = async (task: string, most: number, work: (thumb: Thumb) => Promise<void>): Promise<void> => {
    await tab("今日").click();
    await page.locator("section.group").first().waitFor();
    const thumb = new Thumb();
    await work(thumb);
    lines.push(thumb.said(task));
    expect(thumb.taps, task).toBeLessThanOrEqual(most);
  };
  const clear = page.getByRole("button", { name: "一切正常，记下" });

  await measure("record a patrol", 4, async (thumb) => {
    await thumb.tap(tab("走访"));
    await thumb.tap(clear);
    await page.locator(".list .item").filter({ hasText: "巡查" }).first().waitFor();
  });
  await measure("record a visit to a building", 4, async (thumb) => {
    await thumb.tap(tab("走访"));
    await thumb.choose(page.getByLabel("在哪里"), building.name);
    await thumb.tap(clear);
    await page.locator(".list .item").filter({ hasText: building.name }).first().waitFor();
  });
  await measure("record a finding", 4, async (thumb) => {
    await thumb.tap(tab("走访"));
    await thumb.tap(page.getByRole("button", { name: "发现问题" }));
    await thumb.write(page.getByLabel("什么问题"), "单元门闭门器坏了，门一直敞着");
    await thumb.tap(page.getByRole("button", { name: "记下并上报" }));
    await page.locator(".list .item").filter({ hasText: "闭门器" }).waitFor();
  });
  await measure("take a case", 4, async (thumb) => {
    await thumb.tap(page.locator(".item").filter({ hasText: "等着接单" }));
    await thumb.tap(page.getByRole("button", { name: "接单" }));
    await page.getByText("接单已存在手机里").waitFor();
    await page.getByRole("button", { name: "返回" }).click();
  });
  // The one that was taken a moment ago with no network: what follows is known.
  // What was done is written into three fields, whatever the phone does.
  await measure("settle a case", 6, async (thumb) => {
    await thumb.tap(page.locator(".item").filter({ hasText: "等着接单" }));
    await thumb.tap(page.getByRole("button", { name: "办结" }));
    const form = page.getByRole("dialog", { name: "办结" });
    await thumb.write(form.getByLabel("与谁沟通"), REPLY.talked_to);
    await thumb.write(form.getByLabel("解决措施"), REPLY.done);
    await thumb.write(form.getByLabel("解决时限"), REPLY.by_when);
    await thumb.tap(form.getByRole("button", { name: "办结" }));
    await page.getByText("办结已存在手机里").waitFor();
    await page.getByRole("button", { name: "返回" }).click();
  });
  await measure("write a note", 4, async (thumb) => {
    await thumb.tap(page.getByRole("link", { name: "记一笔" }));
    await thumb.write(page.getByLabel("什么事"), "李大爷说二单元楼道灯不亮");
    await thumb.tap(page.getByRole("button", { name: "提交" }));
    await page.getByText("已记在手机里").waitFor();
  });
  console.log(lines.join("\n"));

  await context.setOffline(false);
  await uploaded(page).waitFor();
  expect((await caseOf(context, code)).stage_name).toBe("待核查");
});

it("a revoked phone cannot be read after its lease, and is wiped when it meets the server: told by the stored bytes", async () => {
  const { context, page } = await phoneOf("worker");
  const secret = "只写在这部手机上的一句话";
  await context.setOffline(true);
  await writeDown(page, { words: secret });
  await page.getByRole("link", { name: /1 条没上传/ }).waitFor();

  // Nothing that anybody said lies there in the clear: not as UTF-8, not as the browser's own UTF-16.
  const utf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
  const stored = await storedBytes(page);
  const row = (await page.request.get("/api/cases?box=all_open&limit=1")).json() as Promise<{ items: { text: string; id: string }[] }>;
  const [known] = (await row).items;
  for (const text of [secret, known?.text ?? "", ACCOUNTS.worker.display, "红旗小区", PIN]) {
    expect(stored.includes(text), text).toBe(false);
    expect(stored.includes(utf8(text)), text).toBe(false);
  }
  expect(stored, "the ids are there: the rows were looked at").toContain(known?.id ?? "?");

  // The server's share lies there while it is lent.
  const device = /device=([0-9a-f-]{36})/.exec(stored)?.[1] ?? "";
  const lent = (await (await context.request.post("/api/sync/unlock", { data: { device_id: device }, headers: { Origin: origin() } })).json()) as { share: string };
  const share = Buffer.from(lent.share, "base64").toString("latin1");
  expect(stored).toContain(share);

  const revoked = await context.request.post(`/api/sync/devices/${device}/revoke`, { headers: { Origin: origin() } });
  expect(revoked.status()).toBe(204);
  await context.setOffline(true);
  await page.close();

  // Three days later, still with no network, somebody who knows the PIN.
  await clockWrongBy(context, 73 * HOUR_MS);
  const later = await context.newPage();
  await later.goto("/field/");
  await later.getByLabel(PIN_LABEL).fill(PIN);
  await later.getByText("离线使用最多 72 小时").waitFor();
  const after = await storedBytes(later);
  expect(after).not.toContain(share);
  expect(after, "what was written is still there, sealed").toContain("linli-outbox-");

  // It meets the server.
  await context.setOffline(false);
  await later.getByLabel(PIN_LABEL).fill(PIN);
  await later.getByText("这部手机已被停用").waitFor();
  await expect.poll(() => later.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  expect(await storedBytes(later)).not.toContain("sealed");
});

it("an open phone that is revoked is wiped at the next contact", async () => {
  const { context, page } = await phoneOf("head");
  const device = /device=([0-9a-f-]{36})/.exec(await storedBytes(page))?.[1] ?? "";
  await context.request.post(`/api/sync/devices/${device}/revoke`, { headers: { Origin: origin() } });
  await page.goto("/field/");
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByText("这部手机已被停用").waitFor();
  await expect.poll(() => page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
});

it("five wrong PINs drop the server's share and end the session: the right one opens nothing before the password", async () => {
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  await page.goto("/field/");
  for (const left of [4, 3, 2, 1]) {
    await page.getByLabel(PIN_LABEL).fill("111222");
    await page.getByText(`还可以试 ${left} 次`).waitFor();
  }
  await page.getByLabel(PIN_LABEL).fill("111222");
  await page.getByText("错了 5 次").waitFor();
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByText("请连上网络再打开").waitFor();
  await context.setOffline(false);
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByText("请先登录，再输入 PIN 码").waitFor();
  expect((await context.request.get("/api/session")).status(), "whoever holds the phone is nobody").toBe(401);
  await page.goto("/field/login");
  await signInOnPage(page, "worker");
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await uploaded(page).waitFor();
});

it("whoever has forgotten the PIN is asked for the password", async () => {
  const { context, page } = await phoneOf("worker");
  await page.goto("/field/");
  await page.getByRole("button", { name: "忘了 PIN 码" }).click();
  await page.getByRole("button", { name: "清除这部手机上的数据" }).click();
  await page.getByRole("heading", { name: "网格员登录" }).waitFor();
  expect((await context.request.get("/api/session")).status()).toBe(401);
  await page.goto("/field/");
  await page.getByRole("heading", { name: "网格员登录" }).waitFor();
});

it("two people on one phone have an outbox each: neither signing out nor the other's signing in loses or shows anything", async () => {
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  await writeDown(page, { words: "党晓燕在地下室记的一条" });
  await page.getByRole("link", { name: "我的", exact: true }).click();
  await page.getByRole("button", { name: "退出登录" }).click();
  const leaving = page.getByRole("dialog", { name: "退出登录" });
  await leaving.getByText("还有 1 条没有上传").waitFor();
  await leaving.getByRole("button", { name: "退出登录" }).click();
  await page.getByRole("heading", { name: "网格员登录" }).waitFor();

  await context.setOffline(false);
  await page.goto("/field/login");
  await signInOnPage(page, "head");
  await page.getByRole("link", { name: "我的", exact: true }).click();
  await page.getByRole("heading", { name: ACCOUNTS.head.display }).waitFor();
  await setPin(page);
  await page.getByRole("link", { name: "走访", exact: true }).click();
  await page.getByRole("heading", { name: "我最近记的" }).waitFor();
  expect(await page.getByText("党晓燕在地下室记的一条").count()).toBe(0);
  await page.getByRole("link", { name: "我的", exact: true }).click();
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.getByRole("heading", { name: "网格员登录" }).waitFor();

  await page.goto("/field/");
  await page.getByRole("radio", { name: ACCOUNTS.worker.name, exact: true }).check();
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByRole("link", { name: "登录已过期，请重新登录（1 条没上传）" }).click();
  await signInOnPage(page, "worker");
  await uploaded(page).waitFor();
  const mine = await visitsOf(context);
  expect(mine.filter(({ note }) => note === "党晓燕在地下室记的一条")).toHaveLength(1);
});

it("a new version of the app waits for its user, spares a half-written form, and finds the outbox as it was", async () => {
  const net = await between();
  const { context, page } = await phoneOf("worker", { baseURL: net.url });
  await context.setOffline(true);
  const words = Array.from({ length: 5 }, (_, n) => `升级前记的第${n + 1}条`);
  for (const one of words) await writeDown(page, { words: one });
  // Back in the network, where only what is to be sent does not get through.
  net.refuse = ["/api/sync/push"];
  net.worker = "2";
  await context.setOffline(false);
  await page.getByRole("link", { name: "今日", exact: true }).click();
  await page.getByRole("link", { name: "记一笔" }).click();
  await page.getByLabel("什么事").fill("写到一半的话");
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null)).toBe(true);
  expect(await page.getByText("有新版本").count()).toBe(0);
  expect(await page.getByLabel("什么事").inputValue()).toBe("写到一半的话");
  await page.getByRole("button", { name: "返回" }).click();
  await page.getByText("有新版本").waitFor();
  await page.getByRole("button", { name: "现在更新" }).click();
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByRole("link", { name: /5 条/ }).click();
  await page.getByRole("heading", { name: "没上传的 5 条" }).waitFor();
  for (const one of words) await page.getByText(one).waitFor();
  net.refuse = [];
  await page.getByRole("button", { name: "现在上传" }).click();
  await uploaded(page).waitFor();
  const mine = await visitsOf(context);
  for (const one of words) expect(mine.filter(({ note }) => note === one), one).toHaveLength(1);
  // The note that was half written is there too.
  await openWithPin(page, "/field/new");
  await expect.poll(() => page.getByLabel("什么事").inputValue()).toBe("写到一半的话");
});

it("a refusal is read by whoever did it, with every word that was written, and can be let go", async () => {
  const code = await report({ text: "两个人同时去接的一盏灯", area_code: GRID, category: "lamp" });
  const { context, page } = await phoneOf("worker");
  await context.setOffline(true);
  await page.getByRole("link", { name: "事项", exact: true }).click();
  await page.locator(".item").filter({ hasText: "同时去接的" }).click();
  await page.getByRole("button", { name: "上报" }).click();
  const form = page.getByRole("dialog", { name: "上报" });
  await form.getByLabel("上报理由").fill("总线坏了，网格里修不了");
  await form.getByRole("button", { name: "上报" }).click();
  await page.getByText("上报已存在手机里").waitFor();

  const headAt = await open(DESK);
  await signIn(headAt, "head");
  const { id, version } = await caseOf(headAt, code);
  const taken = await headAt.request.post(`/api/cases/${id}/actions/take`, { data: { version, fields: {} }, headers: { Origin: origin() } });
  expect(taken.status()).toBe(200);

  await context.setOffline(false);
  await page.getByRole("link", { name: "1 条没办成，请点开看看" }).click();
  const refused = page.locator(".refused");
  await refused.waitFor();
  expect(await refused.innerText()).toContain(ACCOUNTS.head.display);
  expect(await refused.innerText()).toContain("总线坏了，网格里修不了");
  expect(await axeFaults(page)).toEqual([]);
  await refused.getByRole("button", { name: "知道了，删掉" }).click();
  await uploaded(page).waitFor();
  expect((await caseOf(headAt, code)).stage_name).toBe("办理中");
});

it("without a PIN the face works online as before, visits too", async () => {
  const context = await open(PHONE);
  await signIn(context, "worker");
  const page = await context.newPage();
  await page.goto("/field/visits");
  await writeDown(page, { words: "没有设PIN码时记的" });
  expect((await visitsOf(context)).filter(({ note }) => note === "没有设PIN码时记的")).toHaveLength(1);
  const stored = await storedBytes(page);
  expect(stored).not.toContain("linli-outbox-");
});

it("storage that the browser took back is told, and the phone is set up again", async () => {
  const { page } = await phoneOf("worker");
  await page.goto("about:blank");
  await page.goto("/field.webmanifest");
  await page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise((resolve) => {
        indexedDB.deleteDatabase(name ?? "").onsuccess = resolve;
      });
    }
  });
  await page.goto("/field/");
  await page.getByRole("alert").filter({ hasText: "删掉了离线数据" }).waitFor();
  await setPin(page);
  expect(await page.getByText("删掉了离线数据").count()).toBe(0);
});

it("photos wait on the phone, sealed, and arrive with their record", async () => {
  const { context, page } = await phoneOf("worker");
  const photo = await lampPhoto(page, false);
  await context.setOffline(true);
  await writeDown(page, { words: "拍了一张配电箱", photo });
  await writeDown(page, { words: "配电箱门锁坏了", photo, finding: true });
  await page.getByRole("link", { name: /2 条没上传/ }).waitFor();
  await context.setOffline(false);
  await uploaded(page).waitFor();
  const mine = await visitsOf(context);
  expect(mine.find(({ note }) => note === "拍了一张配电箱")?.n_photos).toBe(1);
  // The same picture in a second record is not lost to the first.
  const found = mine.find(({ case_id }) => case_id !== null);
  expect(found?.n_photos).toBe(1);
  const whole = (await (await context.request.get(`/api/cases/${found?.case_id ?? ""}`)).json()) as { full_text: string; attachments: unknown[] };
  expect(whole.full_text).toBe("配电箱门锁坏了");
  expect(whole.attachments).toHaveLength(1);
});
