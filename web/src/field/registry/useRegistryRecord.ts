/** One record with what lies in it and what it lies in: from the phone when it is open, else from the server. */
import { computed, shallowRef, watch, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { RegistryKind, RegistryRow } from "@shared/registry/fields";
import { usePhone } from "../phone/phone";
import type { RecordItem, Records } from "../phone/records";
import { householdsOf } from "./find";
import { useHasRegistry } from "./useSpecs";

export interface Which {
  kind: RegistryKind;
  id: string;
}

export interface RegistryRecord {
  /** `null` where it is not known, or not yet. */
  item: ComputedRef<RecordItem | null>;
  known: ComputedRef<boolean>;
  households: ComputedRef<readonly RecordItem[]>;
  load: () => Promise<void>;
}

/** @throws ProblemError */
const asked = async (which: Which): Promise<RegistryRow> => (await unwrap(api.GET("/api/registry/{kind}/{id}", { params: { path: which } }))).record;

/** @throws ProblemError */
const askedHouseholds = async (of: string): Promise<RegistryRow[]> =>
  (await unwrap(api.GET("/api/registry/{kind}", { params: { path: { kind: "household" }, query: { of } } }))).items;

export function useRegistryRecord(which: () => Which | null): RegistryRecord {
  const { opened, view } = usePhone();
  const has = useHasRegistry();
  const online = shallowRef<Records | null>(null);
  const records = computed(() => (opened.value === null ? (online.value ?? new Map<string, RecordItem>()) : view.value.records));

  async function load(): Promise<void> {
    const wanted = which();
    if (opened.value !== null || wanted === null) return;
    if (!has.value) return void (online.value = new Map());
    const of = wanted.kind === "dwelling" ? askedHouseholds(wanted.id) : Promise.resolve([]);
    // With no network and no PIN there is nothing to show, and the page says so.
    const rows = await Promise.all([asked(wanted), of]).then(([row, inside]) => [row, ...inside], () => []);
    if (which()?.id === wanted.id) online.value = new Map(rows.map((row) => [row.id, { row, pending: [] }]));
  }

  watch(
    () => which()?.id,
    () => {
      online.value = null;
      void load();
    },
    { immediate: true },
  );
  return {
    item: computed(() => records.value.get(which()?.id ?? "") ?? null),
    known: computed(() => opened.value !== null || online.value !== null),
    households: computed(() => householdsOf(records.value, which()?.id ?? "")),
    load,
  };
}
