/** The outbox on a real IndexedDB (fake-indexeddb): what is kept stays kept. */
import "fake-indexeddb/auto";
import type { Transaction } from "dexie";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Me } from "@shared/api/types";
import { makeKey } from "./crypto";
import { allRows, position, take } from "./copy";
import { CopyDb, OUTBOX_VERSIONS, OutboxDb, PhoneFull, accountsHere, wipe } from "./database";
import type { Opened } from "./keys";
import * as outbox from "./outbox";
import type { Page } from "./types";

const FEW = 1_000;
const me = { id: "acc", name: "wangge", display_name: "党晓燕" } as Me;

async function phoneOf(account = "acc"): Promise<Opened> {
  const { key } = await makeKey("482913", new Uint8Array(32), FEW);
  const phone: Opened = { account, device: "dev", login: "wangge", key, outbox: new OutboxDb(account), copy: new CopyDb(account), me };
  await phone.outbox.write("last_seq", 0);
  return phone;
}

const wish = (note: string, attachments: string[] = []): outbox.Wish => ({
  type: "visit.record", entity_id: null, base_version: null, payload: { kind: "patrol", note, attachments }, attachments, told: { title: note, place: "第三网格", written: [note] },
});

const page = (over: Partial<Page>): Page => ({ removals: [], upserts: [], next_cursor: "c1", has_more: false, truncated: false, n_skipped: 0, scope_version: "s", server_time: "2026-10-01T00:00:00.000Z", ...over });

beforeEach(async () => {
  for (const account of await accountsHere()) await wipe(account);
});

describe("numbers", () => {
  it("have no gap and are never given twice, whatever is taken out and however many write at once", async () => {
    const phone = await phoneOf();
    await Promise.all(Array.from({ length: 20 }, (_, n) => outbox.keep(phone, wish(`第${n}条`))));
    await outbox.remove(phone, [19, 20]);
    await outbox.keep(phone, wish("后来的"));
    const seqs = (await outbox.entries(phone)).map(({ command }) => command.device_seq);
    expect(seqs).toEqual([...Array.from({ length: 18 }, (_, n) => n + 1), 21]);
  });
});

describe("what is kept", () => {
  it("is read back to the letter after the database was closed", async () => {
    const phone = await phoneOf();
    const kept = await outbox.keep(phone, wish("楼道通畅"));
    phone.outbox.close();
    const again: Opened = { ...phone, outbox: new OutboxDb("acc") };
    expect(await outbox.entries(again)).toEqual([kept]);
  });

  it("has no word of it in the stored bytes", async () => {
    const phone = await phoneOf();
    await outbox.keep(phone, wish("unreadable-words"));
    await take(phone, page({ upserts: [{ kind: "case", id: "a", body: { full_text: "unreadable-words" } }] }));
    const stored = [await phone.outbox.commands.toArray(), await phone.copy.rows.toArray(), await phone.copy.meta.toArray()].flat();
    const bytes = stored.map((one) => JSON.stringify(one, (_, value: unknown) => (value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1") : value))).join();
    expect(bytes).not.toContain("unreadable-words");
    expect(bytes).not.toContain("2026-10-01");
  });

  it("survives a new version of the database, every command of it", async () => {
    const phone = await phoneOf();
    const kept = [];
    for (let n = 0; n < 30; n += 1) kept.push(await outbox.keep(phone, wish(`第${n}条`)));
    phone.outbox.close();
    // As the next version of the app would open it: another index, and a field that old rows get.
    const next = [...OUTBOX_VERSIONS, {
      number: 2,
      tables: { commands: "seq, state, type" },
      upgrade: async (tx: Transaction) => {
        await tx.table("commands").toCollection().modify((row: { lane?: string }) => { row.lane = "main"; });
      },
    }];
    const upgraded = { ...phone, outbox: new OutboxDb("acc", next) };
    expect(await outbox.entries(upgraded)).toEqual(kept);
    expect(await upgraded.outbox.read("last_seq")).toBe(30);
    upgraded.outbox.close();
  });

  it("belongs to one account: another on the same phone has a database of their own", async () => {
    const [one, two] = [await phoneOf("one"), await phoneOf("two")];
    await outbox.keep(one, wish("甲的"));
    expect(await outbox.entries(two)).toEqual([]);
    expect((await accountsHere()).sort()).toEqual(["one", "two"]);
    await wipe("two");
    expect(await outbox.entries(one)).toHaveLength(1);
  });
});

describe("an outcome", () => {
  it("is noted once and never replaced", async () => {
    const phone = await phoneOf();
    const { command } = await outbox.keep(phone, wish("一"));
    const { device_seq, op_id } = command;
    await outbox.settle(phone, device_seq, op_id, { status: "held", missing_seq: 1 });
    expect((await outbox.entries(phone))[0]?.state).toBe("held");
    await outbox.settle(phone, device_seq, op_id, { status: "rejected", problem: { code: "forbidden" } });
    await outbox.settle(phone, device_seq, op_id, { status: "applied" });
    expect((await outbox.entries(phone))[0]).toMatchObject({ state: "rejected", outcome: { status: "rejected", problem: { code: "forbidden" } } });
  });

  it("for another command of the same number is not believed", async () => {
    const phone = await phoneOf();
    const { command } = await outbox.keep(phone, wish("一"));
    await outbox.settle(phone, command.device_seq, "another", { status: "applied" });
    expect((await outbox.entries(phone))[0]?.state).toBe("waiting");
  });
});

describe("photos", () => {
  const photo = (text: string): Blob => new Blob([text], { type: "image/jpeg" });

  it("go with the command that names them, and from the phone when that is done", async () => {
    const phone = await phoneOf();
    const sha = await outbox.keepPhoto(phone, photo("picture"));
    const { command } = await outbox.keep(phone, wish("有照片", [sha]));
    const [kept] = await outbox.photosOf(phone, command.device_seq);
    if (kept === undefined) throw new Error("no photo");
    expect(new TextDecoder().decode(await outbox.openPhoto(phone, kept))).toBe("picture");
    expect(Buffer.from(kept.sealed.data).includes("picture")).toBe(false);
    await outbox.settle(phone, command.device_seq, command.op_id, { status: "applied" });
    expect(await outbox.photosOf(phone, command.device_seq)).toEqual([]);
  });

  it("stay when the server did not have them, and when it refused the record", async () => {
    const phone = await phoneOf();
    const sha = await outbox.keepPhoto(phone, photo("one"));
    const { command } = await outbox.keep(phone, wish("一", [sha]));
    await outbox.settle(phone, command.device_seq, command.op_id, { status: "applied", missing_attachments: [sha] });
    expect(await outbox.photosOf(phone, command.device_seq)).toHaveLength(1);
    const other = await outbox.keepPhoto(phone, photo("two"));
    const refused = (await outbox.keep(phone, wish("二", [other]))).command;
    await outbox.settle(phone, refused.device_seq, refused.op_id, { status: "rejected", problem: {} });
    expect(await outbox.photosOf(phone, refused.device_seq)).toHaveLength(1);
  });

  it("of the same picture in two records are two", async () => {
    const phone = await phoneOf();
    const shas = [await outbox.keepPhoto(phone, photo("same")), await outbox.keepPhoto(phone, photo("same"))];
    const one = (await outbox.keep(phone, wish("一", [shas[0] ?? ""]))).command;
    const two = (await outbox.keep(phone, wish("二", [shas[1] ?? ""]))).command;
    expect((await outbox.photosOf(phone, one.device_seq)).length).toBe(1);
    expect((await outbox.photosOf(phone, two.device_seq)).length).toBe(1);
  });
});

describe("a full phone", () => {
  const full = (): never => {
    throw new DOMException("no room", "QuotaExceededError");
  };

  it("gives up the copy of the server's rows before it loses what was done", async () => {
    const phone = await phoneOf();
    await take(phone, page({ upserts: [{ kind: "case", id: "a", body: {} }] }));
    const add = vi.spyOn(phone.outbox.commands, "add").mockImplementationOnce(full);
    await outbox.keep(phone, wish("要紧的"));
    add.mockRestore();
    expect(await outbox.entries(phone)).toHaveLength(1);
    expect((await allRows(phone)).size).toBe(0);
    expect((await position(phone)).cursor).toBeNull();
  });

  it("says so when there is no room at all, and keeps what it had", async () => {
    const phone = await phoneOf();
    await outbox.keep(phone, wish("先前的"));
    const add = vi.spyOn(phone.outbox.commands, "add").mockImplementation(full);
    await expect(outbox.keep(phone, wish("存不下的"))).rejects.toBeInstanceOf(PhoneFull);
    add.mockRestore();
    const entries = await outbox.entries(phone);
    expect(entries.map(({ told }) => told.title)).toEqual(["先前的"]);
    const next = await outbox.keep(phone, wish("后来的"));
    expect(next.command.device_seq).toBe(2);
  });
});

it("a database that the phone's system closed is opened again", async () => {
  const phone = await phoneOf();
  await outbox.keep(phone, wish("一"));
  phone.outbox.close({ disableAutoOpen: true });
  expect(await outbox.entries(phone)).toHaveLength(1);
});
