import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Routing } from "@shared/api/types";
import { useWorker } from "../shell/worker";
import { useReportDraft, whereBody } from "./draft";

/** Who will answer for the chosen place, asked again whenever the place or the category changes. */
export function useRouting(): {
  routing: ShallowRef<Routing | null>;
  busy: Ref<boolean>;
  problem: ShallowRef<ProblemError | null>;
} {
  const { draft } = useReportDraft();
  const worker = useWorker();
  const routing = shallowRef<Routing | null>(null);
  const problem = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  let n = 0;

  async function ask(): Promise<void> {
    n += 1;
    const mine = n;
    routing.value = null;
    problem.value = null;
    if (draft.where === null) return;
    busy.value = true;
    try {
      const body = { ...whereBody(draft.where), category: draft.category ?? undefined, text: draft.text || undefined };
      const answer = await unwrap(api.POST("/api/routing", { body }));
      if (mine !== n) return;
      routing.value = answer;
      worker.value = answer.worker ?? null;
    } catch (cause) {
      if (mine === n) problem.value = toProblem(cause);
    } finally {
      if (mine === n) busy.value = false;
    }
  }

  watch(() => [draft.where, draft.category], ask, { immediate: true });
  return { routing, busy, problem };
}
