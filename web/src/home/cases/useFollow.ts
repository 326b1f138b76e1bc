import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { Intention } from "@shared/api/intention";
import { useLive, type LiveState } from "@shared/api/live";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Action, FormValues, PublicCase } from "@shared/api/types";
import { useWorker } from "../shell/worker";

export interface Follow {
  found: ShallowRef<PublicCase | null>;
  /** Why the case could not be loaded. */
  problem: ShallowRef<ProblemError | null>;
  /** Why the last action was refused. */
  refusal: ShallowRef<ProblemError | null>;
  busy: Ref<boolean>;
  live: Ref<LiveState>;
  load: () => Promise<void>;
  act: (verb: Action, fields: FormValues) => Promise<boolean>;
}

/** One case as its resident follows it: loaded, kept fresh, and acted on. */
export function useFollow(code: () => string): Follow {
  const found = shallowRef<PublicCase | null>(null);
  const problem = shallowRef<ProblemError | null>(null);
  const refusal = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  const worker = useWorker();
  const intention = new Intention();

  function show(fresh: PublicCase): void {
    found.value = fresh;
    worker.value = fresh.worker ?? null;
  }

  async function load(): Promise<void> {
    problem.value = null;
    try {
      show(await unwrap(api.GET("/api/public/cases/{code}", { params: { path: { code: code() } } })));
    } catch (cause) {
      problem.value = toProblem(cause);
    }
  }

  async function act(verb: Action, fields: FormValues): Promise<boolean> {
    const shown = found.value;
    if (shown === null) return false;
    busy.value = true;
    refusal.value = null;
    const body = { version: shown.version, fields };
    try {
      const path = { code: shown.code, verb };
      const header = { "Idempotency-Key": intention.keyFor({ verb, body }) };
      show(await unwrap(api.POST("/api/public/cases/{code}/actions/{verb}", { params: { path, header }, body })));
      intention.done();
      return true;
    } catch (cause) {
      const refused = toProblem(cause);
      // Someone acted in between: show how it stands now, keep what was written.
      if (refused.isConflict) await load();
      refusal.value = refused;
      return false;
    } finally {
      busy.value = false;
    }
  }

  const { state: live } = useLive(() => (problem.value?.status === 404 ? null : `/api/public/cases/${encodeURIComponent(code())}/live`), {
    on: { case: () => void load() },
    onResume: () => void load(),
  });
  watch(code, load, { immediate: true });
  return { found, problem, refusal, busy, live, load, act };
}
