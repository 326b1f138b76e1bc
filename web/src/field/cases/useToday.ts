import { computed, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { useLive, type LiveState } from "@shared/api/live";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { InboxBox } from "@shared/api/types";
import { useNow } from "@shared/lib/useTime";
import { careToVisit } from "../care/online";
import { myDuties } from "../duties/online";
import { isOpenDuty } from "../phone/counts";
import { dueOfCare, dueOfDuty, dueOfRow, grouped, type DueGroup, type DueItem } from "../phone/due";
import { useMe } from "../session";

/** What waits for this person to act. What waits for a resident or another unit is under 事项. */
const MINE: readonly InboxBox["key"][] = ["to_accept", "to_sign", "mine", "to_verify", "sent_back", "tasks"];
const MOST_PER_BOX = 50;

async function casesOf(box: InboxBox["key"]): Promise<DueItem[]> {
  const { items } = await unwrap(api.GET("/api/cases", { params: { query: { box, limit: MOST_PER_BOX } } }));
  return items.map((row) => dueOfRow(row));
}

async function casesDue(): Promise<DueItem[]> {
  const { boxes } = await unwrap(api.GET("/api/inbox"));
  const wanted = boxes.filter((box) => MINE.includes(box.key) && box.n > 0);
  const found = (await Promise.all(wanted.map((box) => casesOf(box.key)))).flat();
  // A case in two boxes is one thing to do.
  return [...new Map(found.map((item) => [item.id, item])).values()];
}

export function useToday(): {
  groups: ComputedRef<DueGroup[] | null>;
  problem: ShallowRef<ProblemError | null>;
  live: Ref<LiveState>;
  load: () => Promise<void>;
} {
  const me = useMe();
  const now = useNow();
  const items = shallowRef<DueItem[] | null>(null);
  const problem = shallowRef<ProblemError | null>(null);
  const may = (what: string): boolean => me.value?.may.includes(what) ?? false;

  async function cases(): Promise<DueItem[]> {
    return may("view_case") ? casesDue() : [];
  }

  async function duties(): Promise<DueItem[]> {
    if (!may("view_duties")) return [];
    return (await myDuties()).filter(isOpenDuty).map((duty) => dueOfDuty({ duty, pending: [] }, now.value.getTime()));
  }

  async function care(): Promise<DueItem[]> {
    if (!may("view_care")) return [];
    return (await careToVisit()).map((item) => dueOfCare(item, now.value.getTime()));
  }

  async function load(): Promise<void> {
    try {
      items.value = (await Promise.all([cases(), duties(), care()])).flat();
      problem.value = null;
    } catch (cause) {
      problem.value = toProblem(cause);
    }
  }

  void load();
  const refresh = (): void => void load();
  const { state: live } = useLive(() => "/api/live", { on: { case: refresh, inbox: refresh }, onResume: refresh });
  const groups = computed(() => (items.value === null ? null : grouped(items.value, [], now.value.getTime())));
  return { groups, problem, live, load };
}
