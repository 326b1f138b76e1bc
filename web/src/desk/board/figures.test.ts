import { expect, it } from "vitest";
import { amountOf, changeOf, coursePath, drawnOf, isComparable, partsOf, scaleOf, type Shape } from "./figures";

const share: Shape = { kind: "share", unit: "%", perWorker: false };
const counted: Shape = { kind: "count", unit: "件", perWorker: false };
const duration: Shape = { kind: "duration", unit: "次", perWorker: false };
const load: Shape = { kind: "stock", unit: "件", perWorker: true };
const HOUR = 3_600_000;
const value = (one: number | null, num = 0, den = 0, leftOut = 0) => ({ value: one, num, den, n_left_out: leftOut, p90_ms: null });

it("writes a share in per cent, a length of time in its largest unit, a load per worker, and nothing for nothing", () => {
  expect(amountOf(share, 0.9342)).toEqual({ n: "93.4", unit: "%" });
  expect(amountOf(share, 1)?.n).toBe("100");
  expect(amountOf(counted, 12_340)).toEqual({ n: "12,340", unit: "件" });
  expect(amountOf(duration, 30 * 60_000)).toEqual({ n: "30", unit: { key: "desk.board.unit.minutes", params: {} } });
  expect(amountOf(duration, 5.5 * HOUR)?.n).toBe("5.5");
  expect(amountOf(duration, 60 * HOUR)).toEqual({ n: "2.5", unit: { key: "desk.board.unit.days", params: {} } });
  expect(amountOf(load, 4.26)).toEqual({ n: "4.3", unit: { key: "desk.board.unit.per_worker", params: {} } });
  expect(amountOf(share, null)).toBeNull();
});

it("says which way a figure went and by how much; better and worse come from the playbook", () => {
  const up = changeOf(share, { now: value(0.93), before: value(0.9), change: "better" });
  expect(up).toEqual({ way: "up", by: { n: "3", unit: { key: "desk.board.unit.points", params: {} } }, verdict: "better" });
  expect(changeOf(counted, { now: value(8), before: value(20), change: null })).toEqual({ way: "down", by: { n: "12", unit: "件" }, verdict: null });
  expect(changeOf(share, { now: value(0.9), before: value(0.9), change: "same" })?.way).toBe("same");
  // Nothing to compare with is not the same as no change.
  expect(changeOf(share, { now: value(0.9), before: null, change: null })).toBeNull();
  expect(changeOf(share, { now: value(0.9), before: value(null), change: null })).toBeNull();
});

it("ends every scale with a whole step: a large share at the whole, a length of time in days or hours", () => {
  expect(scaleOf(share, [0.92, null])).toEqual({ step: 0.25, end: 1 });
  expect(scaleOf(share, [0.056])).toEqual({ step: 0.02, end: 0.06 });
  expect(scaleOf(counted, [21, 5])).toEqual({ step: 10, end: 30 });
  expect(scaleOf(counted, [2])).toEqual({ step: 1, end: 2 });
  expect(scaleOf(counted, [])).toEqual({ step: 1, end: 1 });
  expect(scaleOf(duration, [4.4 * 24 * HOUR])).toEqual({ step: 48 * HOUR, end: 6 * 24 * HOUR });
  expect(scaleOf(duration, [9 * HOUR])).toEqual({ step: 5 * HOUR, end: 10 * HOUR });
});

it("offers the parts of a share whose numbers add up, and of a count its cases alone", () => {
  const parts = partsOf(share, value(0.9, 9, 10, 2));
  expect(parts).toEqual([
    { part: "all", n: 10 },
    { part: "met", n: 9 },
    { part: "missed", n: 1 },
    { part: "left_out", n: 2 },
  ]);
  expect(partsOf(counted, value(7, 7, 7))).toEqual([{ part: "all", n: 7 }]);
});

it("breaks a course where nothing is known, and lays zero on the ground", () => {
  expect(coursePath([0, 0.5, null, 1], 1, 90, 20)).toBe("M0.0 20.0L30.0 10.0M90.0 0.0h0");
});

it("draws a share of a day with the six days before it, and not of a handful of cases; everything else as it is", () => {
  const day = (num: number, den: number) => ({ day: "2026-11-01", value: den === 0 ? null : num / den, num, den });
  const course = [day(0, 0), day(9, 10), day(0, 1), ...Array.from({ length: 6 }, () => day(0, 0))];
  expect(drawnOf(share, "day", course)).toEqual([null, 0.9, 9 / 11, 9 / 11, 9 / 11, 9 / 11, 9 / 11, 9 / 11, null]);
  expect(drawnOf(share, "week", course).slice(0, 3)).toEqual([null, 0.9, 0]);
  expect(drawnOf(counted, "day", [day(3, 3)])).toEqual([1]);
});

it("holds shares, lengths and loads beside other places, and no bare number of cases", () => {
  expect([share, duration, load, counted].map(isComparable)).toEqual([true, true, true, false]);
});
