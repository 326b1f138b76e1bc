/** One case as it stands now, kept fresh by the live events, and the commands on it. */
import { ref, shallowRef, watch, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { isGone } from "@shared/api/acted";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Acted, Action, CaseView, FormValues, TaskAction, TimelineEntry } from "@shared/api/types";
import { useLiveEvents } from "../live";

const SETTLE_MS = 250;

/** A change by somebody else, noticed while this clerk had the case open. */
export interface Meanwhile {
  /** Who did what, in words, when the server told us. */
  detail: string | null;
  entries: readonly TimelineEntry[];
}

export type Outcome = { kind: "done"; case: CaseView } | { kind: "conflict" } | { kind: "gone"; sentence: string } | { kind: "refused"; problem: ProblemError };

export function useCase(id: Ref<string>) {
  const current = shallowRef<CaseView | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const loading = ref(true);
  const meanwhile = shallowRef<Meanwhile | null>(null);
  let turn = 0;

  const fetchCase = (key: string) => unwrap(api.GET("/api/cases/{id}", { params: { path: { id: key } } }));

  async function load(): Promise<void> {
    const mine = ++turn;
    loading.value = true;
    failure.value = null;
    try {
      const found = await fetchCase(id.value);
      if (mine === turn) current.value = found;
    } catch (error) {
      if (mine !== turn) return;
      current.value = null;
      failure.value = toProblem(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  /** Takes over a newer state; what happened between the two is kept to be told. */
  function adopt(newer: CaseView, detail: string | null): void {
    const seen = new Set(current.value?.timeline.map((entry) => entry.n));
    const entries = newer.timeline.filter((entry) => !seen.has(entry.n));
    meanwhile.value = { detail, entries: [...(meanwhile.value?.entries ?? []), ...entries] };
    current.value = newer;
  }

  async function refresh(): Promise<void> {
    const before = current.value;
    if (before === null) return load();
    const mine = turn;
    try {
      const found = await fetchCase(before.id);
      if (mine === turn && found.version !== current.value?.version) adopt(found, null);
    } catch {
      // The state on screen stays; a command on it is guarded by its version.
    }
  }

  /** Sends a command on the state that the clerk has on screen, and takes over what it answers. */
  async function command(send: (on: CaseView) => Promise<Acted>): Promise<Outcome> {
    const before = current.value;
    if (before === null) return { kind: "conflict" };
    turn += 1;
    try {
      const after = await send(before);
      if (isGone(after)) return { kind: "gone", sentence: after.sentence };
      current.value = after;
      meanwhile.value = null;
      return { kind: "done", case: after };
    } catch (error) {
      const problem = toProblem(error);
      if (problem.current === undefined) return { kind: "refused", problem };
      adopt(problem.current, problem.problem.detail ?? problem.problem.title);
      return { kind: "conflict" };
    }
  }

  /** An action on the case; `key` is the same for every try of one intention. */
  const act = (verb: Action, fields: FormValues, key: string): Promise<Outcome> =>
    command((on) =>
      unwrap(
        api.POST("/api/cases/{id}/actions/{verb}", {
          params: { path: { id: on.id, verb }, header: { "Idempotency-Key": key } },
          body: { version: on.version, fields },
        }),
      ),
    );

  /** An action on a task beside the case. */
  const actOnTask = (task: string, verb: TaskAction, fields: FormValues, key: string): Promise<Outcome> =>
    command((on) =>
      unwrap(
        api.POST("/api/cases/{id}/tasks/{task_id}/actions/{verb}", {
          params: { path: { id: on.id, task_id: task, verb }, header: { "Idempotency-Key": key } },
          body: { version: on.version, fields },
        }),
      ),
    );

  watch(
    id,
    () => {
      meanwhile.value = null;
      current.value = null;
      void load();
    },
    { immediate: true },
  );
  useLiveEvents(SETTLE_MS, (changed, missed) => {
    const mine = current.value;
    const touched = changed.find((one) => one.id === mine?.id);
    // Our own command answers with the new version before its event comes.
    if (missed || (touched !== undefined && touched.version !== mine?.version)) return refresh();
  });

  function clearMeanwhile(): void {
    meanwhile.value = null;
  }
  return { current, failure, loading, meanwhile, load, act, actOnTask, clearMeanwhile };
}
