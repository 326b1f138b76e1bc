/** The time of which a ledger of visits or hazards is, by how often it is asked for. Pure. */
import { daysOf, type Days } from "../board/period";
import type { Rhythm } from "./types";

export const WHICH = ["last", "present"] as const;
export type Which = (typeof WHICH)[number];
/** Periods of the calendar; what is asked for once has none of its own. */
export type Calendar = Exclude<Rhythm, "once">;

const dayBefore = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);

/** A month earlier, or the last day of that month where it is shorter. */
function monthBack(day: string): string {
  const before = dayBefore(`${day.slice(0, 8)}01`);
  const that = `${before.slice(0, 8)}${day.slice(8)}`;
  return that < before ? that : before;
}

/** The period of which a workbook is filled when nothing else is said: the server has the same rule. */
export function usualDays(rhythm: Rhythm, today: string): Days {
  switch (rhythm) {
    case "once":
      return { from: monthBack(today), to: today };
    case "year":
      return { from: `${today.slice(0, 4)}-01-01`, to: today };
    case "week":
    case "month":
    case "quarter":
      return daysOf(rhythm, today);
  }
}

/** Which periods are a tap away: months where it is asked for once. */
export const calendarOf = (rhythm: Rhythm): Calendar => (rhythm === "once" ? "month" : rhythm);

/** The present period until today, or the one before it whole. */
export function periodOf(which: Which, calendar: Calendar, today: string): Days {
  const present = usualDays(calendar, today);
  return which === "present" ? present : usualDays(calendar, dayBefore(present.from));
}
