/** Times for columns of figures: digits only, in the city's time. */
import { plainTime } from "@shared/lib/time";

/** `11-23 14:05`, or with the year in front when it is not this year. */
export function stamp(iso: string, now: Date = new Date()): string {
  const full = plainTime(iso);
  const year = plainTime(now.toISOString()).slice(0, 5);
  return full.startsWith(year) ? full.slice(year.length) : full;
}

/** `2026-11-23`, as date fields want it. */
export function dayOf(iso: string): string {
  return plainTime(iso).slice(0, 10);
}

/** The last second of a day in the city's time as the API writes instants; `day` is `2026-11-23`. */
export function endOfDay(day: string): string {
  return new Date(`${day}T23:59:59+08:00`).toISOString();
}
