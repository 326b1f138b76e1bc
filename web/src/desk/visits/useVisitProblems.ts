/** What notes of visits keep coming upon in one community: what waits for a person, and what was decided. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Standing } from "../proactive/types";
import type { VisitProblem, VisitProblems } from "./types";

export interface ProblemList {
  /** What the last answer said besides the problems. */
  found: ShallowRef<VisitProblems | null>;
  /** The problems of every page that was fetched. */
  problems: ShallowRef<readonly VisitProblem[] | null>;
  failure: ShallowRef<ProblemError | null>;
  busy: Ref<boolean>;
  load: () => Promise<void>;
  /** The next page of what was decided. */
  more: () => Promise<void>;
}

/** The list that follows `state` and `area`; an empty area is the caller's first community. */
export function useVisitProblems(state: Ref<Standing>, area: Ref<string>): ProblemList {
  const found = shallowRef<VisitProblems | null>(null);
  const problems = shallowRef<readonly VisitProblem[] | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  let asked = 0;

  async function fetchPage(cursor: string | null): Promise<void> {
    const own = ++asked;
    const query = { state: state.value, ...(area.value !== "" && { area: area.value }), ...(cursor !== null && { cursor }) };
    busy.value = true;
    try {
      const page = await unwrap(api.GET("/api/visit-problems", { params: { query } }));
      if (own !== asked) return;
      problems.value = cursor === null ? page.items : [...(problems.value ?? []), ...page.items];
      [found.value, failure.value] = [page, null];
    } catch (error) {
      if (own === asked) failure.value = toProblem(error);
    } finally {
      if (own === asked) busy.value = false;
    }
  }
  const load = (): Promise<void> => fetchPage(null);

  watch(
    [state, area],
    () => {
      problems.value = null;
      void load();
    },
    { immediate: true },
  );
  return {
    found,
    problems,
    failure,
    busy,
    load,
    async more() {
      const next = found.value?.next ?? null;
      if (next !== null && !busy.value) await fetchPage(next);
    },
  };
}

/** What a problem is called: the words that the notes share. */
export const nameOf = (problem: VisitProblem, between: string): string => problem.words.join(between);
