import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import { attemptKey, reportBody, useReportDraft } from "./draft";
import { useMyCases } from "./mine";

/** Sends the report. Gives its public code, or `null` with `problem` set. */
export function useReport(): {
  busy: Ref<boolean>;
  problem: ShallowRef<ProblemError | null>;
  send: () => Promise<string | null>;
} {
  const { draft, clear } = useReportDraft();
  const { keep } = useMyCases();
  const busy = ref(false);
  const problem = shallowRef<ProblemError | null>(null);

  async function send(): Promise<string | null> {
    busy.value = true;
    problem.value = null;
    const body = reportBody(draft);
    try {
      const sent = await unwrap(
        api.POST("/api/cases", { body, params: { header: { "Idempotency-Key": attemptKey(draft, body) } } }),
      );
      keep({ code: sent.code, text: body.text });
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
