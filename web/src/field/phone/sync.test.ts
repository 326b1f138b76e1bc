/** A round against a server that is told what to answer, on a real IndexedDB. */
import "fake-indexeddb/auto";
import { beforeEach, expect, it, vi } from "vitest";
import { ProblemError, unreachable } from "@shared/api/problem";
import type { Me, Problem } from "@shared/api/types";
import { position } from "./copy";
import { makeKey } from "./crypto";
import { CopyDb, OutboxDb, accountsHere, wipe } from "./database";
import type { Opened } from "./keys";
import * as outbox from "./outbox";
import * as server from "./server";
import { MOST_AT_ONCE, round as ask, sendPhotos } from "./sync";
import type { Command, Page } from "./types";

vi.mock("./server", () => ({ push: vi.fn(), pull: vi.fn(), sendPhotoBytes: vi.fn() }));
const push = vi.mocked(server.push);
const pull = vi.mocked(server.pull);
const sendPhoto = vi.mocked(server.sendPhotoBytes);

let phone: Opened;
/** A round, and the photos after it. */
async function round(on: Opened, told: typeof heard): Promise<void> {
  await ask(on, told);
  await sendPhotos(on, told);
}
const heard = { settled: vi.fn(() => Promise.resolve()), page: vi.fn() };
const page = (over: Partial<Page> = {}): Page => ({ removals: [], upserts: [], next_cursor: "c1", has_more: false, truncated: false, n_skipped: 0, scope_version: "s", server_time: "2026-10-01T00:00:00.000Z", ...over });
const refusedBy = (status: number): ProblemError => new ProblemError({ type: "", title: "", status, code: "x", detail: "", errors: [] } as Problem);
const applied = (commands: readonly Command[]): server.PushResults => ({
  results: commands.map(({ op_id, device_seq }) => ({ op_id, device_seq, outcome: { status: "applied" as const } })),
  next_seq: 0,
  server_time: "2026-10-01T00:00:00.000Z",
});
const wish = (n: number, attachments: string[] = []): outbox.Wish => ({ type: "visit.record", entity_id: null, base_version: null, payload: { n, attachments }, attachments, told: { title: "", place: "", written: [] } });
const states = async (): Promise<string[]> => (await outbox.entries(phone)).map(({ state }) => state);

beforeEach(async () => {
  vi.resetAllMocks();
  heard.settled.mockResolvedValue(undefined);
  for (const account of await accountsHere()) await wipe(account);
  const { key } = await makeKey("482913", new Uint8Array(32), 1_000);
  phone = { account: "acc", device: "dev", login: "wangge", key, outbox: new OutboxDb("acc"), copy: new CopyDb("acc"), me: {} as Me };
  push.mockImplementation((commands) => Promise.resolve(applied(commands)));
  pull.mockResolvedValue(page());
  sendPhoto.mockResolvedValue(1);
});

it("sends at most fifty at once, in their order, until all are answered", async () => {
  for (let n = 0; n < 120; n += 1) await outbox.keep(phone, wish(n));
  await round(phone, heard);
  const sent = push.mock.calls.map(([commands]) => commands.map(({ device_seq }) => device_seq));
  expect(sent.map((batch) => batch.length)).toEqual([MOST_AT_ONCE, MOST_AT_ONCE, 20]);
  expect(sent.flat()).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
  expect(new Set(await states())).toEqual(new Set(["done"]));
});

it("sends again to the letter what was not answered", async () => {
  await outbox.keep(phone, wish(1));
  push.mockRejectedValueOnce(unreachable());
  await expect(round(phone, heard)).rejects.toBeInstanceOf(ProblemError);
  expect(await states()).toEqual(["waiting"]);
  await round(phone, heard);
  const [first, second] = push.mock.calls.map(([commands]) => JSON.stringify(commands));
  expect(second).toBe(first);
  expect(await states()).toEqual(["done"]);
});

it("keeps what is held and asks for it again another time, not for ever at once", async () => {
  await outbox.keep(phone, wish(1));
  push.mockImplementation((commands) => Promise.resolve({ ...applied(commands), results: commands.map(({ op_id, device_seq }) => ({ op_id, device_seq, outcome: { status: "held" as const, missing_seq: 0 } })) }));
  await round(phone, heard);
  expect(push).toHaveBeenCalledTimes(1);
  expect(await states()).toEqual(["held"]);
});

it("keeps a refusal for its owner and goes on with the next", async () => {
  await outbox.keep(phone, wish(1));
  await outbox.keep(phone, wish(2));
  push.mockImplementationOnce((commands) => {
    const answer = applied(commands);
    const [first] = answer.results;
    if (first !== undefined) first.outcome = { status: "rejected", problem: { code: "forbidden" } };
    return Promise.resolve(answer);
  });
  await round(phone, heard);
  expect(await states()).toEqual(["rejected", "done"]);
});

/** A record with a photo, which the server will await. */
async function withPhoto(n: number, text: string): Promise<string> {
  const sha = await outbox.keepPhoto(phone, new Blob([text], { type: "image/jpeg" }));
  await outbox.keep(phone, wish(n, [sha]));
  return sha;
}
const awaiting = (commands: readonly Command[]): server.PushResults => ({
  ...applied(commands),
  results: commands.map(({ op_id, device_seq, attachments }) => ({ op_id, device_seq, outcome: { status: "applied" as const, missing_attachments: attachments } })),
});

it("sends every record before any photo, and a photo that does not go through holds nothing up", async () => {
  push.mockImplementation((commands) => Promise.resolve(awaiting(commands)));
  const sha = await withPhoto(1, "picture");
  await outbox.keep(phone, wish(2));
  sendPhoto.mockRejectedValueOnce(unreachable());
  await expect(round(phone, heard)).rejects.toBeInstanceOf(ProblemError);
  expect(await states()).toEqual(["done", "done"]);
  expect(pull).toHaveBeenCalledTimes(1);
  expect((await outbox.entries(phone)).map(({ n_photos }) => n_photos)).toEqual([1, 0]);
  // It goes on where it came to.
  await round(phone, heard);
  expect(sendPhoto.mock.calls.map(([, name, isBegun]) => [name, isBegun])).toEqual([[sha, false], [sha, true]]);
  expect((await outbox.entries(phone)).map(({ n_photos, n_lost }) => [n_photos, n_lost])).toEqual([[0, 0], [0, 0]]);
  await round(phone, heard);
  expect(sendPhoto).toHaveBeenCalledTimes(2);
});

it("a photo of a record that the server has not done waits with it", async () => {
  push.mockImplementation((commands) => Promise.resolve({ ...applied(commands), results: commands.map(({ op_id, device_seq }) => ({ op_id, device_seq, outcome: { status: "rejected" as const, problem: { code: "forbidden" } } })) }));
  await withPhoto(1, "picture");
  await round(phone, heard);
  expect(sendPhoto).not.toHaveBeenCalled();
  expect(await outbox.photosOf(phone, 1)).toHaveLength(1);
});

it("a photo that the server never takes is told to its owner, and the others go on", async () => {
  push.mockImplementation((commands) => Promise.resolve(awaiting(commands)));
  const broken = await withPhoto(1, "broken");
  await withPhoto(2, "fine");
  sendPhoto.mockImplementation((_, name) => (name === broken ? Promise.reject(refusedBy(500)) : Promise.resolve(1)));
  for (let n = 0; n < 4; n += 1) await expect(round(phone, heard)).rejects.toBeInstanceOf(ProblemError);
  await round(phone, heard);
  expect((await outbox.entries(phone)).map(({ n_photos, n_lost }) => [n_photos, n_lost])).toEqual([[0, 1], [0, 0]]);
  await outbox.remove(phone, [1]);
  expect(await outbox.photosOf(phone, -1)).toEqual([]);
});

it("a photo for which the server keeps no place is told to its owner", async () => {
  push.mockImplementation((commands) => Promise.resolve(awaiting(commands)));
  await withPhoto(1, "picture");
  sendPhoto.mockResolvedValue(0);
  await round(phone, heard);
  expect((await outbox.entries(phone)).map(({ n_photos, n_lost }) => [n_photos, n_lost])).toEqual([[0, 1]]);
});

it("a server of another version says nothing of a photo", async () => {
  push.mockImplementation((commands) => Promise.resolve(awaiting(commands)));
  await withPhoto(1, "picture");
  sendPhoto.mockRejectedValue(refusedBy(404));
  for (let n = 0; n < 9; n += 1) await expect(round(phone, heard)).rejects.toBeInstanceOf(ProblemError);
  expect((await outbox.entries(phone))[0]?.n_photos).toBe(1);
});

it("what is noted while photos go is sent before the next of them", async () => {
  push.mockImplementation((commands) => Promise.resolve(awaiting(commands)));
  await withPhoto(1, "one");
  await withPhoto(2, "two");
  sendPhoto.mockImplementationOnce(async () => {
    await outbox.keep(phone, wish(3));
    return 1;
  });
  await ask(phone, heard);
  expect(await sendPhotos(phone, heard)).toBe(false);
  expect(sendPhoto).toHaveBeenCalledTimes(1);
  await ask(phone, heard);
  expect(await sendPhotos(phone, heard)).toBe(true);
});

it("a picture that cannot be read is not tried five times", async () => {
  push.mockImplementation((commands) => Promise.resolve(awaiting(commands)));
  await withPhoto(1, "no picture");
  sendPhoto.mockRejectedValue(refusedBy(415));
  await round(phone, heard);
  expect(sendPhoto).toHaveBeenCalledTimes(1);
  expect((await outbox.entries(phone))[0]?.n_lost).toBe(1);
});

it("reads page after page with the cursor that it was given, and goes on there the next time", async () => {
  pull.mockResolvedValueOnce(page({ next_cursor: "c1", has_more: true })).mockResolvedValueOnce(page({ next_cursor: "c2" })).mockResolvedValueOnce(page({ next_cursor: "c3" }));
  await round(phone, heard);
  await round(phone, heard);
  expect(pull.mock.calls.map(([, cursor]) => cursor)).toEqual([null, "c1", "c2"]);
  expect((await position(phone)).cursor).toBe("c3");
});

it("an answer that was lost is asked for with the same cursor", async () => {
  pull.mockResolvedValueOnce(page({ next_cursor: "c1" })).mockRejectedValueOnce(unreachable());
  await round(phone, heard);
  await expect(round(phone, heard)).rejects.toBeInstanceOf(ProblemError);
  await round(phone, heard);
  expect(pull.mock.calls.map(([, cursor]) => cursor)).toEqual([null, "c1", "c1"]);
});
