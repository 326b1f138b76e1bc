/** The small pure rules of a phone: ids, pauses, leases, places, order of sending. */
import { describe, expect, it } from "vitest";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pauseMs } from "./backoff";
import { isRunning, LONGEST_LEASE_MS, newLease, seenAt } from "./lease";
import { AWAY_MS, mustClose } from "./idle";
import { isPin } from "./keys";
import { isProgress, toSend } from "./sync";
import type { Entry, EntryState } from "./types";
import { uuid7 } from "./uuid7";
import { withRecent } from "../visits/places";

const HOUR = 3_600_000;

describe("ids", () => {
  it("are UUIDv7 and sort by their time", () => {
    const ids = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000].map((at) => uuid7(at));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(Array.from({ length: 500 }, () => uuid7(1))).size).toBe(500);
  });
});

describe("pauses after failures", () => {
  it("double and end at five minutes", () => {
    expect(pauseMs(0)).toBe(0);
    expect([1, 2, 3].map((n) => pauseMs(n, 0.5))).toEqual([FIRST_PAUSE_MS, 2 * FIRST_PAUSE_MS, 4 * FIRST_PAUSE_MS]);
    expect(pauseMs(50, 0.5)).toBe(LONGEST_PAUSE_MS);
  });

  it("are spread, so that a street that comes back does not ask at once", () => {
    expect(pauseMs(1, 0)).toBeLessThan(pauseMs(1, 1));
    expect(pauseMs(1, 1) / pauseMs(1, 0)).toBeCloseTo(1.5, 2);
  });
});

describe("a lease", () => {
  const lent = newLease(new Uint8Array(32), 72 * HOUR, 1_000 * HOUR);

  it("runs for its hours by the phone's own clock, however wrong that is", () => {
    expect(isRunning(lent, 1_000 * HOUR)).toBe(true);
    expect(isRunning(lent, 1_071 * HOUR)).toBe(true);
    expect(isRunning(lent, 1_072 * HOUR)).toBe(false);
  });

  it("is not made longer by setting the clock back", () => {
    const seen = seenAt(lent, 1_072 * HOUR);
    expect(isRunning(seen, 1_060 * HOUR)).toBe(false);
    expect(isRunning(seenAt(lent, 1_050 * HOUR), 1_010 * HOUR)).toBe(false);
    expect(isRunning(lent, 900 * HOUR)).toBe(false);
  });

  it("survives a clock that was corrected by a day", () => {
    expect(isRunning(lent, 976 * HOUR)).toBe(true);
    expect(isRunning(lent, 1_024 * HOUR)).toBe(true);
  });

  it("is never longer than three days, whatever an answer says", () => {
    expect(newLease(new Uint8Array(32), 9_999 * HOUR, 0).lent_ms).toBe(LONGEST_LEASE_MS);
    expect(newLease(new Uint8Array(32), -5, 0).lent_ms).toBe(0);
  });
});

it("a PIN is six digits", () => {
  expect(["482913", "000000"].map(isPin)).toEqual([true, true]);
  expect(["48291", "4829131", "48291a", "４８２９１３"].map(isPin)).toEqual([false, false, false, false]);
});

const entry = (seq: number, state: EntryState): Entry => ({
  command: { op_id: `op-${seq}`, device_id: "d", device_seq: seq, type: "visit.record", entity_id: null, base_version: null, captured_at: "2026-10-01T00:00:00.000Z", payload: {}, attachments: [] },
  told: { title: "", place: "", written: [] },
  state,
  outcome: null,
  ended_at: null,
});

describe("sending", () => {
  it("goes by number, and leaves out what was answered for good", () => {
    const all = [entry(12, "waiting"), entry(3, "held"), entry(2, "done"), entry(1, "rejected"), entry(7, "waiting")];
    expect(toSend(all).map(({ device_seq }) => device_seq)).toEqual([3, 7, 12]);
  });

  it("ends when all that comes back is held", () => {
    expect(isProgress([{ status: "held", missing_seq: 1 }])).toBe(false);
    expect(isProgress([{ status: "held", missing_seq: 1 }, { status: "applied" }])).toBe(true);
    expect(isProgress([{ status: "rejected", problem: {} }])).toBe(true);
  });
});

it("the last places stand first, each once", () => {
  expect(withRecent(["a", "b", "c"], "b")).toEqual(["b", "a", "c"]);
  expect(withRecent(["a", "b", "c"], "d")).toEqual(["d", "a", "b"]);
  expect(withRecent([], "a")).toEqual(["a"]);
});

it("a phone that was put away or left lying closes, but not over what is being written", () => {
  expect(mustClose(0, AWAY_MS - 1, false)).toBe(false);
  expect(mustClose(0, AWAY_MS, false)).toBe(true);
  expect(mustClose(AWAY_MS, 0, false)).toBe(true);
  expect(mustClose(0, AWAY_MS, true)).toBe(false);
});
