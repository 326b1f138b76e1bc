/** Key premises, hazards and inspections of the reader's areas. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Checklist, Hazard, Inspection, KeyPremisesList, Tab } from "./types";

export interface Inspections {
  premises: ShallowRef<KeyPremisesList | null>;
  hazards: ShallowRef<readonly Hazard[] | null>;
  records: ShallowRef<readonly Inspection[] | null>;
  checklists: ShallowRef<readonly Checklist[]>;
  all: Ref<boolean>;
  next: ShallowRef<string | null>;
  failure: ShallowRef<ProblemError | null>;
  load: () => Promise<void>;
  more: () => Promise<void>;
}

export function useInspections(tab: Ref<Tab>): Inspections {
  const premises = shallowRef<KeyPremisesList | null>(null);
  const hazards = shallowRef<readonly Hazard[] | null>(null);
  const records = shallowRef<readonly Inspection[] | null>(null);
  const checklists = shallowRef<readonly Checklist[]>([]);
  const failure = shallowRef<ProblemError | null>(null);
  const next = shallowRef<string | null>(null);
  const all = ref(false);

  async function fetchPage(cursor?: string): Promise<void> {
    if (tab.value === "hazards") {
      const page = await unwrap(api.GET("/api/hazards", { params: { query: { all: all.value, cursor } } }));
      hazards.value = cursor === undefined ? page.items : [...(hazards.value ?? []), ...page.items];
      next.value = page.next ?? null;
    } else if (tab.value === "records") {
      const page = await unwrap(api.GET("/api/inspections", { params: { query: { cursor } } }));
      records.value = cursor === undefined ? page.items : [...(records.value ?? []), ...page.items];
      next.value = page.next ?? null;
    } else {
      next.value = null;
    }
  }

  async function load(): Promise<void> {
    failure.value = null;
    try {
      // The figures above belong to every tab.
      premises.value = await unwrap(api.GET("/api/inspections/premises"));
      await fetchPage();
      if (checklists.value.length === 0) checklists.value = await unwrap(api.GET("/api/checklists"));
    } catch (error) {
      failure.value = toProblem(error);
    }
  }

  async function more(): Promise<void> {
    if (next.value === null) return;
    try {
      await fetchPage(next.value);
    } catch (error) {
      failure.value = toProblem(error);
    }
  }
  watch([tab, all], load, { immediate: true });
  return { premises, hazards, records, checklists, all, next, failure, load, more };
}
