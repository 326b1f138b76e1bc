/** One's own records, the latest first. */
import { computed, shallowRef, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { VisitItem } from "../phone/merge";
import { merged } from "../phone/merge";
import { usePhone } from "../phone/phone";
import { Rows, type Visit } from "../phone/types";

/** So many are shown; what is older is asked for at the desk. */
const MOST_SHOWN = 50;

export function useVisits(): { items: ComputedRef<VisitItem[] | null>; load: () => Promise<void> } {
  const { opened, view } = usePhone();
  const online = shallowRef<Visit[] | null>(null);

  async function load(): Promise<void> {
    if (opened.value !== null) return;
    try {
      online.value = (await unwrap(api.GET("/api/visits", { params: { query: { mine: true, limit: MOST_SHOWN } } }))).items;
    } catch {
      // The page is for writing down; the list comes when the network does.
    }
  }

  function fromServer(visits: readonly Visit[]): VisitItem[] {
    const rows = new Rows();
    for (const visit of visits) rows.set({ kind: "visit", id: visit.id, body: visit });
    return merged(rows, []).visits;
  }

  void load();
  const items = computed(() => {
    if (opened.value !== null) return view.value.visits.slice(0, MOST_SHOWN);
    return online.value === null ? null : fromServer(online.value);
  });
  return { items, load };
}
