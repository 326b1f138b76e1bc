import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import { noteBody, noteKey, useNoteDraft } from "./noteDraft";

/** Sends the note; gives the public code of the new case. */
export function useNote(): {
  busy: Ref<boolean>;
  problem: ShallowRef<ProblemError | null>;
  send: () => Promise<string | null>;
} {
  const { draft, clear } = useNoteDraft();
  const busy = ref(false);
  const problem = shallowRef<ProblemError | null>(null);

  async function send(): Promise<string | null> {
    busy.value = true;
    problem.value = null;
    const body = noteBody(draft);
    try {
      const header = { "Idempotency-Key": noteKey(draft, body) };
      const sent = await unwrap(api.POST("/api/cases", { params: { header }, body }));
      clear();
      return sent.code;
    } catch (cause) {
      problem.value = toProblem(cause);
      return null;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, send };
}

/** The id of a case that this person may see, by its public code; `null` when it went to another's seat. */
export async function idOf(code: string): Promise<string | null> {
  try {
    return (await unwrap(api.GET("/api/cases/{id}", { params: { path: { id: code } } }))).id;
  } catch {
    return null;
  }
}
