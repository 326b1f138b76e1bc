/** Shifts by the day on which one can go there. Pure. */
import type { components } from "@shared/api/schema";
import { plainTime } from "@shared/lib/time";

export type PublicShift = components["schemas"]["PublicShift"];

export interface ShiftDay {
  /** The day in the city: `2026-10-09`. */
  date: string;
  /** A moment of that day. */
  at: string;
  items: PublicShift[];
}

const dateOf = (iso: string): string => plainTime(iso).slice(0, 10);

/** The nearest first, as they came. What began the evening before is there today. */
export function byDay(shifts: readonly PublicShift[], now: Date): ShiftDay[] {
  const days = new Map<string, ShiftDay>();
  for (const shift of shifts) {
    const at = shift.is_now ? now.toISOString() : shift.starts_at;
    const date = dateOf(at);
    const day = days.get(date) ?? { date, at, items: [] };
    day.items.push(shift);
    days.set(date, day);
  }
  return [...days.values()];
}

/** From when and until when: on the day itself the clock says enough, for another one `when` does. */
export function span({ starts_at, ends_at }: PublicShift, date: string, when: (iso: string) => string): string {
  const say = (iso: string): string => (dateOf(iso) === date ? plainTime(iso).slice(11) : when(iso));
  return `${say(starts_at)}–${say(ends_at)}`;
}
