/** Figures in words: what is said is decided here, how it is said in the translation files. */
import type { Phrase } from "@shared/lib/time";
import type { BoardItem, BoardPoint, BoardValue, IndicatorView } from "../types";

/** How a figure is written. */
export interface Shape {
  kind: BoardItem["kind"];
  /** Of what: 件, 次. */
  unit: string;
  /** A stock that is divided by the workers of the area. */
  perWorker: boolean;
}

export const shapeOf = (item: Pick<BoardItem, "kind" | "unit">, definition: IndicatorView | undefined): Shape => ({
  kind: item.kind,
  unit: item.unit,
  perWorker: definition?.per_worker ?? false,
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** `12,340` */
export const count = (n: number): string => whole.format(n);

/** A number and what it is a number of; `null` where there is nothing to say. */
export interface Amount {
  n: string;
  unit: Phrase | string;
}

function durationOf(ms: number): Amount {
  const size = Math.abs(ms);
  if (size >= DAY_MS) return { n: tenth.format(size / DAY_MS), unit: { key: "desk.board.unit.days", params: {} } };
  if (size >= HOUR_MS) return { n: tenth.format(size / HOUR_MS), unit: { key: "desk.board.unit.hours", params: {} } };
  return { n: whole.format(size / MINUTE_MS), unit: { key: "desk.board.unit.minutes", params: {} } };
}

/** A value as people read it. */
export function amountOf(shape: Shape, value: number | null | undefined): Amount | null {
  if (value === null || value === undefined) return null;
  switch (shape.kind) {
    case "share":
      return { n: tenth.format(value * 100), unit: "%" };
    case "duration":
      return durationOf(value);
    case "count":
      return { n: count(value), unit: shape.unit };
    case "stock":
      return shape.perWorker ? { n: tenth.format(value), unit: { key: "desk.board.unit.per_worker", params: {} } } : { n: count(value), unit: shape.unit };
  }
}

/** Against as many days before: which way, by how much. */
export interface Change {
  way: "up" | "down" | "same";
  by: Amount | null;
  /** Whether that is better; nothing where neither way is. */
  verdict: BoardItem["change"] | null;
}

/** Less than the last digit shown is no change. */
const SEEN: Record<Shape["kind"], number> = { share: 0.0005, duration: MINUTE_MS, count: 0.5, stock: 0.05 };

export function changeOf(shape: Shape, item: Pick<BoardItem, "now" | "before" | "change">): Change | null {
  const now = item.now.value ?? null;
  const before = item.before?.value ?? null;
  if (now === null || before === null) return null;
  const by = now - before;
  const verdict = item.change ?? null;
  if (Math.abs(by) < SEEN[shape.kind]) return { way: "same", by: null, verdict: verdict === null ? null : "same" };
  const size = Math.abs(by);
  const amount = shape.kind === "share" ? { n: tenth.format(size * 100), unit: { key: "desk.board.unit.points", params: {} } } : amountOf(shape, size);
  return { way: by > 0 ? "up" : "down", by: amount, verdict };
}

/** A scale: it starts at zero and ends with a whole step, so that its lines carry round numbers. */
export interface Scale {
  step: number;
  end: number;
}

/** About so many lines. */
const LINES = 4;

/** 1, 2 or 5 times a power of ten: the least that is not below. */
function roundUp(n: number): number {
  const power = 10 ** Math.floor(Math.log10(n));
  return (([1, 2, 5].find((one) => one * power >= n) ?? 10) * power);
}

/** The unit that a scale counts in: a length of time in hours or days, not in milliseconds. */
function unitOf(shape: Shape, most: number): number {
  if (shape.kind !== "duration") return 1;
  if (most >= 2 * DAY_MS) return DAY_MS;
  return most >= 2 * HOUR_MS ? HOUR_MS : MINUTE_MS;
}

/** The scale that holds all of `values`. */
export function scaleOf(shape: Shape, values: readonly (number | null | undefined)[]): Scale {
  const most = Math.max(0, ...values.filter((value): value is number => typeof value === "number"));
  if (shape.kind === "share" && most > 0.5) return { step: 0.25, end: 1 };
  if (most === 0) return { step: 1, end: 1 };
  const unit = unitOf(shape, most);
  const step = roundUp(most / unit / LINES) * unit;
  // Cases are not halved.
  const whole = shape.kind === "count" ? Math.max(1, step) : step;
  return { step: whole, end: Math.ceil(most / whole - 1e-9) * whole };
}

/** A part of what a figure counts, and how many there are. */
export interface Part {
  part: "all" | "met" | "missed" | "left_out";
  n: number;
}

/** The parts of a figure that can be opened. Of a duration and a load the lower number is no number of cases. */
export function partsOf(shape: Shape, value: BoardValue): Part[] {
  const leftOut: Part[] = value.n_left_out > 0 ? [{ part: "left_out", n: value.n_left_out }] : [];
  switch (shape.kind) {
    case "share":
      return [
        { part: "all", n: value.den },
        { part: "met", n: value.num },
        { part: "missed", n: value.den - value.num },
        ...leftOut,
      ];
    case "duration":
    case "count":
    case "stock":
      return [{ part: "all", n: value.num }, ...leftOut];
  }
}

/** Days that a share of one day is read with: one case of one day says little. */
const SMOOTH_DAYS = 7;
/** A share of fewer is not drawn. */
const ENOUGH = 5;

/** Whether a course is drawn with the days before each: a share by the day. */
export const isSmoothed = (shape: Shape, step: string): boolean => shape.kind === "share" && step === "day";

/** The values that are drawn of a course: of a share by the day, each day with up to six before it. */
export function drawnOf(shape: Shape, step: string, course: readonly BoardPoint[]): (number | null)[] {
  if (!isSmoothed(shape, step)) return course.map((point) => point.value ?? null);
  return course.map((_, index) => {
    const days = course.slice(Math.max(0, index - SMOOTH_DAYS + 1), index + 1);
    const den = days.reduce((sum, day) => sum + day.den, 0);
    return den < ENOUGH ? null : days.reduce((sum, day) => sum + day.num, 0) / den;
  });
}

/** Whether a figure can be held beside those of other places: how many come from a place says how large it is, above all. */
export const isComparable = (shape: Shape): boolean => shape.kind === "share" || shape.kind === "duration" || shape.perWorker;

/** The path of a course in a box of `width` × `height`; it breaks where there is no value. Starts at zero, as every chart here. */
export function coursePath(values: readonly (number | null | undefined)[], most: number, width: number, height: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let isDrawing = false;
  const parts: string[] = [];
  values.forEach((value, index) => {
    if (value === null || value === undefined) {
      isDrawing = false;
      return;
    }
    const y = height - (Math.min(value, most) / most) * height;
    parts.push(`${isDrawing ? "L" : "M"}${(index * step).toFixed(1)} ${y.toFixed(1)}`);
    // A day that stands alone is a point.
    if (!isDrawing && (values[index + 1] ?? null) === null) parts.push("h0");
    isDrawing = true;
  });
  return parts.join("");
}
