/** A grid worker's phone in the tests: enrolled, opened with its PIN, taken out of the network and back. */
import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { PHONE, open, origin } from "./browser";
import { signIn, type Person, type Who } from "./city";

export const PIN = "482913";
export const PIN_LABEL = "6 位数字 PIN 码";

/** Everything is at the server. */
export const uploaded = (page: Page): Locator => page.getByRole("status").filter({ hasText: /^都已上传，/ });

/** A phone of somebody, enrolled and with the app kept on it. */
export async function phoneOf(who: Who | Person, more: { baseURL?: string } = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await open(PHONE, more);
  await signIn(context, who);
  await retirePhones(context);
  const page = await context.newPage();
  await setPin(page);
  return { context, page };
}

/** An account has ten phones at most; those of the tests before are done with. */
async function retirePhones(context: BrowserContext): Promise<void> {
  const { items } = (await (await context.request.get("/api/sync/devices")).json()) as { items: { id: string; revoked_at: string | null }[] };
  for (const { id } of items.filter(({ revoked_at }) => revoked_at === null)) {
    await context.request.post(`/api/sync/devices/${id}/revoke`, { headers: { Origin: origin() } });
  }
}

export async function setPin(page: Page): Promise<void> {
  await page.goto("/field/pin");
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByLabel("再输入一次").fill(PIN);
  await page.getByRole("button", { name: "设置并下载数据" }).click();
  await uploaded(page).waitFor();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

/** Opens a page of an enrolled phone, as after the app was closed. */
export async function openWithPin(page: Page, path = "/field/"): Promise<void> {
  await page.goto(path);
  await page.getByLabel(PIN_LABEL).fill(PIN);
  await page.getByRole("link", { name: /没上传|都已上传|没有网络|正在上传|没办成|等社区定夺|登录已过期/ }).waitFor();
}

export interface Noted {
  /** Words that tell it from every other. */
  words: string;
  place?: string;
  photo?: { name: string; mimeType: string; buffer: Buffer };
  finding?: boolean;
}

/** Writes a visit or a finding down on the page 走访; returns when it is kept: the page has emptied its form. */
export async function writeDown(page: Page, noted: Noted): Promise<void> {
  await pressDown(page, noted);
  if (noted.finding === true) await page.getByLabel("什么问题").waitFor({ state: "detached" });
  else await expect.poll(() => page.getByLabel("看到了什么").inputValue()).toBe("");
}

/** The same, but does not wait for anything after the button. */
export async function pressDown(page: Page, noted: Noted): Promise<void> {
  const heading = page.getByRole("heading", { name: "走访记录" });
  if (!(await heading.isVisible())) await page.getByRole("link", { name: "走访", exact: true }).click();
  // The page before has foldings of its own, and stands until this one has come.
  await heading.waitFor();
  // What a tab that died had begun is another matter than this one.
  await page.locator("form[aria-busy=false]").waitFor();
  const anew = page.getByRole("button", { name: "重新填" });
  if (await anew.isVisible()) await anew.click();
  if (noted.place !== undefined) await page.getByLabel("在哪里").selectOption({ label: noted.place });
  if (noted.finding === true) {
    await page.getByRole("button", { name: "发现问题" }).click();
    await page.getByLabel("什么问题").fill(noted.words);
  } else {
    const more = page.locator("details").filter({ hasText: "看到了什么" });
    if ((await more.getAttribute("open")) === null) await more.locator("summary").click();
    await page.getByLabel("看到了什么").fill(noted.words);
  }
  if (noted.photo !== undefined) {
    await page.locator("input[type=file]").setInputFiles(noted.photo);
    await page.getByText("照片已上传 1 张，共 1 张").waitFor({ state: "attached" });
  }
  await page.getByRole("button", { name: noted.finding === true ? "记下并上报" : "一切正常，记下" }).click();
}

/** Everything that the browser keeps for this site, as text: bytes one by one. What cannot be found in it is not on the phone. */
export function storedBytes(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const wrapped = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error("unreadable"));
      });
    const raw = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const flat = (value: unknown): string => {
      if (value instanceof ArrayBuffer) return raw(new Uint8Array(value));
      if (value instanceof Uint8Array) return raw(value);
      if (typeof value === "object" && value !== null) return Object.entries(value).map(([name, inner]) => `${name}=${flat(inner)}`).join("\n");
      return String(value);
    };
    let all = JSON.stringify({ ...localStorage, ...sessionStorage });
    for (const { name } of await indexedDB.databases()) {
      const db = await wrapped(indexedDB.open(name ?? ""));
      for (const store of db.objectStoreNames) {
        const rows = await wrapped(db.transaction(store).objectStore(store).getAll());
        all += `\n${name}/${store}\n${rows.map(flat).join("\n")}`;
      }
      db.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      all += (await cache.keys()).map(({ url }) => url).join("\n");
    }
    return all;
  });
}

/** The phone rings and the tab is gone, once what was written under `key` is on the disk; the page that comes back stands where that one stood. */
export async function killed(page: Page, key: string): Promise<Page> {
  let last = "";
  const isWritten = async (): Promise<boolean> => {
    const [before, now] = [last, await storedBytes(page)];
    last = now;
    return now === before && now.includes(`key=${key}`);
  };
  await expect.poll(isWritten, { interval: 500 }).toBe(true);
  const { pathname, search } = new URL(page.url());
  await page.close();
  const again = await page.context().newPage();
  await openWithPin(again, `${pathname}${search}`);
  return again;
}

/** The phone's clock goes wrong by so much, in every page that is opened from now on. */
export async function clockWrongBy(context: BrowserContext, ms: number): Promise<void> {
  await context.addInitScript((shift) => {
    const Right = Date;
    class Wrong extends Right {
      constructor(...args: [] | [number | string | Date]) {
        if (args.length === 0) super(Right.now() + shift);
        else super(...(args as [number]));
      }
      static override now(): number {
        return Right.now() + shift;
      }
    }
    globalThis.Date = Wrong as DateConstructor;
  }, ms);
}

/** Counts taps, each on something that a thumb can hit. */
export class Thumb {
  taps = 0;
  readonly #begun = performance.now();

  async tap(target: Locator): Promise<void> {
    const box = await target.boundingBox();
    expect(box?.height ?? 0, `${String(target)} is high enough for a thumb`).toBeGreaterThanOrEqual(44);
    this.taps += 1;
    await target.tap();
  }

  /** A field is typed into once the thumb is in it: a tap, unless the page put it there. */
  async write(field: Locator, text: string): Promise<void> {
    if (!(await field.evaluate((element) => element === document.activeElement))) this.taps += 1;
    await field.fill(text);
  }

  /** A native list: one tap opens it, one chooses. */
  async choose(list: Locator, label: string): Promise<void> {
    await this.tap(list);
    this.taps += 1;
    await list.selectOption({ label });
  }

  said(task: string): string {
    return `${task}: ${this.taps} taps, ${((performance.now() - this.#begun) / 1000).toFixed(1)} s`;
  }
}
