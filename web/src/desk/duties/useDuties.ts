/** The month of a place, where help is needed there, and who works there. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Colleague, DutyGaps, DutyMonth, SelfCheckOther } from "./types";

export interface Duties {
  month: ShallowRef<DutyMonth | null>;
  gaps: ShallowRef<DutyGaps | null>;
  checks: ShallowRef<readonly SelfCheckOther[]>;
  colleagues: ShallowRef<readonly Colleague[]>;
  failure: ShallowRef<ProblemError | null>;
  whole: Ref<boolean>;
  load: () => Promise<void>;
}

export function useDuties(asked: Ref<string>): Duties {
  const month = shallowRef<DutyMonth | null>(null);
  const gaps = shallowRef<DutyGaps | null>(null);
  const checks = shallowRef<readonly SelfCheckOther[]>([]);
  const colleagues = shallowRef<readonly Colleague[]>([]);
  const failure = shallowRef<ProblemError | null>(null);
  const whole = ref(false);

  async function load(): Promise<void> {
    const wanted = asked.value;
    failure.value = null;
    try {
      const [calendar, lacking, self, people] = await Promise.all([
        unwrap(api.GET("/api/duties/calendar", { params: { query: wanted === "" ? {} : { month: wanted } } })),
        unwrap(api.GET("/api/duties/gaps", { params: { query: { whole: whole.value } } })),
        unwrap(api.GET("/api/duties/self-check")),
        unwrap(api.GET("/api/duties/colleagues")),
      ]);
      if (wanted !== asked.value) return;
      [month.value, gaps.value, checks.value, colleagues.value] = [calendar, lacking, self.others, people];
    } catch (error) {
      if (wanted === asked.value) failure.value = toProblem(error);
    }
  }
  watch([asked, whole], load, { immediate: true });
  return { month, gaps, checks, colleagues, failure, whole, load };
}

/** The month before or after: 2026-10 → 2026-09. */
export function monthBeside(month: string, by: 1 | -1): string {
  const [year = 2000, nth = 1] = month.split("-").map(Number);
  const at = year * 12 + (nth - 1) + by;
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
}

/** Days from Monday before the first of the month. */
export function daysBefore(first: string): number {
  return (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
}
