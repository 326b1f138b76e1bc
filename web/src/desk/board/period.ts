/** Which days a board shows: kept in the address, counted in the city's days. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import { plainTime } from "@shared/lib/time";

export const PERIODS = ["recent", "week", "month", "quarter", "own"] as const;
export type PeriodKind = (typeof PERIODS)[number];

/** From a day to a day, both included; `2026-11-23`. */
export interface Days {
  from: string;
  to: string;
}

const DAY_MS = 86_400_000;
/** The days of a board that names none; the server takes as many. */
const RECENT_DAYS = 30;

const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const written = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The day that it is in the city. */
export const today = (now: Date = new Date()): string => plainTime(now.toISOString()).slice(0, 10);

/** The days up to `last` that a period means. */
export function daysOf(kind: Exclude<PeriodKind, "own">, last: string): Days {
  const date = new Date(at(last));
  const firstOf = (month: number): string => written(Date.UTC(date.getUTCFullYear(), month, 1));
  switch (kind) {
    case "recent":
      return { from: written(at(last) - (RECENT_DAYS - 1) * DAY_MS), to: last };
    case "week":
      // Monday begins the week.
      return { from: written(at(last) - ((date.getUTCDay() + 6) % 7) * DAY_MS), to: last };
    case "month":
      return { from: firstOf(date.getUTCMonth()), to: last };
    case "quarter":
      return { from: firstOf(Math.floor(date.getUTCMonth() / 3) * 3), to: last };
  }
}

/** How many days. */
export const nDays = ({ from, to }: Days): number => Math.round((at(to) - at(from)) / DAY_MS) + 1;

const isDay = (text: unknown): text is string => typeof text === "string" && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at(text));

/** What is wrong with days that somebody typed; `null` when nothing is. */
export function faultOf({ from, to }: Days): "missing" | "order" | null {
  if (!isDay(from) || !isDay(to)) return "missing";
  return at(from) > at(to) ? "order" : null;
}

/** What a board is asked for. */
export interface BoardQuery {
  area: string;
  unit: string;
  period: PeriodKind;
  days: Days;
  /** The figure that is looked at. */
  show: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads an address; what makes no sense there is ignored. */
export function readBoardQuery(query: LocationQuery, last: string): BoardQuery {
  const named = PERIODS.find((kind) => kind === query.period) ?? "recent";
  const own = { from: text(query.from), to: text(query.to) };
  const isOwn = named === "own" && faultOf(own) === null;
  const period = named === "own" && !isOwn ? "recent" : named;
  return {
    area: text(query.area),
    unit: text(query.unit),
    period,
    days: period === "own" ? own : daysOf(period, last),
    show: text(query.show),
  };
}

/** The address of a board: what is usual is left out. */
export function writeBoardQuery(wish: BoardQuery): LocationQueryRaw {
  const { area, unit, period, days, show } = wish;
  return {
    ...(unit !== "" ? { unit } : area !== "" ? { area } : {}),
    ...(period !== "recent" && { period }),
    ...(period === "own" && days),
    ...(show !== "" && { show }),
  };
}

/** As the server is asked. */
export function asked(wish: BoardQuery): { area?: string; unit?: string; from: string; to: string } {
  return { ...(wish.unit !== "" ? { unit: wish.unit } : wish.area !== "" ? { area: wish.area } : {}), ...wish.days };
}
