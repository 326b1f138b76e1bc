import { computed, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { useLive, type LiveState } from "@shared/api/live";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { CaseRow, InboxBox } from "@shared/api/types";
import type { DueGroup } from "../phone/due";
import { dueOfRow } from "../phone/due";
import { todayGroups } from "./order";

/** What waits for this person to act. What waits for a resident or another unit is under 事项. */
const MINE: readonly InboxBox["key"][] = ["to_accept", "to_sign", "mine", "to_verify", "sent_back", "tasks"];
const MOST_PER_BOX = 50;

export function useToday(): {
  groups: ComputedRef<DueGroup[] | null>;
  problem: ShallowRef<ProblemError | null>;
  live: Ref<LiveState>;
  load: () => Promise<void>;
} {
  const lists = shallowRef<CaseRow[][] | null>(null);
  const problem = shallowRef<ProblemError | null>(null);

  async function fetchBox(box: InboxBox["key"]): Promise<CaseRow[]> {
    const page = await unwrap(api.GET("/api/cases", { params: { query: { box, limit: MOST_PER_BOX } } }));
    return page.items;
  }

  async function load(): Promise<void> {
    try {
      const { boxes } = await unwrap(api.GET("/api/inbox"));
      const wanted = boxes.filter((box) => MINE.includes(box.key) && box.n > 0);
      lists.value = await Promise.all(wanted.map((box) => fetchBox(box.key)));
      problem.value = null;
    } catch (cause) {
      problem.value = toProblem(cause);
    }
  }

  void load();
  const refresh = (): void => void load();
  const { state: live } = useLive(() => "/api/live", { on: { case: refresh, inbox: refresh }, onResume: refresh });
  const groups = computed(() => (lists.value === null ? null : todayGroups(lists.value).map(({ key, rows }) => ({ key, items: rows.map((row) => dueOfRow(row)) }))));
  return { groups, problem, live, load };
}
