import { ref, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import { askSiteFor } from "@shared/site";
import { useWorker } from "../shell/worker";
import { useReportDraft } from "./draft";

/** Fills the place in from the code printed under a building's QR. */
export function usePlace(): {
  busy: Ref<boolean>;
  problem: Ref<ProblemError | null>;
  fill: (code: string) => Promise<boolean>;
} {
  const { draft } = useReportDraft();
  const worker = useWorker();
  const busy = ref(false);
  const problem = ref<ProblemError | null>(null);

  async function fill(code: string): Promise<boolean> {
    busy.value = true;
    problem.value = null;
    try {
      const place = await unwrap(api.GET("/api/places/{code}", { params: { path: { code } } }));
      draft.where = {
        by: "place",
        code: place.code,
        name: place.name,
        area: place.area,
        worker: place.worker ?? null,
        kind: place.kind,
      };
      worker.value = place.worker ?? null;
      askSiteFor(place.area.code);
      return true;
    } catch (cause) {
      problem.value = toProblem(cause);
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, fill };
}
