/** The earlier cases of whoever is calling. The number goes in the body, and the look is written down with its purpose. */
import { computed, ref, shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { CaseRow } from "@shared/api/types";

export function useCaller() {
  const found = shallowRef<readonly CaseRow[] | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  /** The number that `found` belongs to: another number in the field is another person. */
  const phone = ref("");
  let turn = 0;

  async function look(number: string, purpose: string): Promise<void> {
    const mine = ++turn;
    busy.value = true;
    failure.value = null;
    try {
      const { items } = await unwrap(api.POST("/api/cases/by-phone", { body: { phone: number, purpose } }));
      if (mine !== turn) return;
      found.value = items;
      phone.value = number;
    } catch (error) {
      if (mine !== turn) return;
      found.value = null;
      failure.value = toProblem(error);
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  function forget(): void {
    turn += 1;
    found.value = null;
    failure.value = null;
    busy.value = false;
    phone.value = "";
  }

  const isOpen = (row: CaseRow): boolean => row.phase === "open" || row.phase === "waiting";
  /** What is still open is what people call about. */
  const rows = computed(() => {
    const all = found.value ?? [];
    return [...all.filter(isOpen), ...all.filter((row) => !isOpen(row))];
  });
  const nOpen = computed(() => rows.value.filter(isOpen).length);
  return { found, rows, nOpen, phone, failure, busy, look, forget };
}
