/** One's own shifts of the roster, from now on. */
import { shallowRef, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { components } from "@shared/api/schema";
import { plainTime } from "@shared/lib/time";

export type Shift = components["schemas"]["Shift"];

/** So far ahead. Unit: ms. */
export const AHEAD_MS = 14 * 86_400_000;

/** Those of whoever reads that are not over, the first first. Pure. */
export function coming(shifts: readonly Shift[], nowMs: number): Shift[] {
  const own = shifts.filter(({ is_mine, starts_at, ends_at }) => is_mine && Date.parse(ends_at) > nowMs && Date.parse(starts_at) < nowMs + AHEAD_MS);
  return [...new Map(own.map((shift) => [shift.id, shift])).values()].sort((a, b) => a.starts_at.localeCompare(b.starts_at));
}

/** The months that the days ahead lie in, as 2026-10. Yesterday's is one of them: a night's shift may have begun in it. Pure. */
export function monthsOf(nowMs: number): string[] {
  const days = [nowMs - 86_400_000, nowMs, nowMs + AHEAD_MS];
  return [...new Set(days.map((ms) => plainTime(new Date(ms).toISOString()).slice(0, 7)))];
}

export interface Shifts {
  /** `null` while they are not known. */
  shifts: ShallowRef<readonly Shift[] | null>;
  problem: ShallowRef<ProblemError | null>;
  load: () => Promise<void>;
}

export function useShifts(): Shifts {
  const shifts = shallowRef<readonly Shift[] | null>(null);
  const problem = shallowRef<ProblemError | null>(null);

  async function load(): Promise<void> {
    problem.value = null;
    const now = Date.now();
    try {
      const months = await Promise.all(monthsOf(now).map((month) => unwrap(api.GET("/api/duties/calendar", { params: { query: { month } } }))));
      shifts.value = coming(months.flatMap(({ days }) => days.flatMap((day) => day.shifts)), now);
    } catch (cause) {
      problem.value = toProblem(cause);
    }
  }
  void load();
  return { shifts, problem, load };
}
