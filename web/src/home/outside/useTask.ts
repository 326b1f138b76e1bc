import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { Intention } from "@shared/api/intention";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { FormValues, LinkedTask, TaskAction } from "@shared/api/types";

export interface OutsideTask {
  task: ShallowRef<LinkedTask | null>;
  /** Why the task could not be loaded. */
  problem: ShallowRef<ProblemError | null>;
  /** Why the last action was refused. */
  refusal: ShallowRef<ProblemError | null>;
  busy: Ref<boolean>;
  load: () => Promise<void>;
  act: (verb: TaskAction, fields: FormValues) => Promise<boolean>;
}

/** What a one-time link asks for, and what its holder does about it. */
export function useTask(token: () => string): OutsideTask {
  const task = shallowRef<LinkedTask | null>(null);
  const problem = shallowRef<ProblemError | null>(null);
  const refusal = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  const intention = new Intention();

  async function load(): Promise<void> {
    problem.value = null;
    try {
      task.value = await unwrap(api.GET("/api/links/{token}", { params: { path: { token: token() } } }));
    } catch (cause) {
      problem.value = toProblem(cause);
    }
  }

  async function act(verb: TaskAction, fields: FormValues): Promise<boolean> {
    busy.value = true;
    refusal.value = null;
    // A task has no version of its own: the server refuses what the task's state no longer allows.
    const body = { version: 0, fields };
    try {
      const path = { token: token(), verb };
      const headers = { "Idempotency-Key": intention.keyFor({ verb, body }) };
      task.value = await unwrap(api.POST("/api/links/{token}/actions/{verb}", { params: { path }, headers, body }));
      intention.done();
      return true;
    } catch (cause) {
      const refused = toProblem(cause);
      // Withdrawn or done in another window: show how it stands, keep what was written.
      if (refused.isConflict || refused.status === 404) await load();
      refusal.value = refused;
      return false;
    } finally {
      busy.value = false;
    }
  }

  watch(token, load, { immediate: true });
  return { task, problem, refusal, busy, load, act };
}
