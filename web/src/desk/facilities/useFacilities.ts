/** The facilities of an area with how each stands, page by page, and what kinds there are. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { FieldSpec } from "@shared/registry/fields";
import type { Facility, FacilityList, Narrowed } from "./types";

/** Rows of a page: what fits on a clerk's screen. */
const PAGE = 40;

export interface Facilities {
  /** The last answer. Its figures stay while the list is narrowed: whoever walks them with the keyboard stays where they are. */
  list: ShallowRef<FacilityList | null>;
  /** Those of all pages until now; `null` until they are known. */
  rows: ShallowRef<readonly Facility[] | null>;
  fields: ShallowRef<readonly FieldSpec[]>;
  kinds: ComputedRef<{ value: string; label: string }[]>;
  failure: ShallowRef<ProblemError | null>;
  busy: Ref<boolean>;
  load: () => Promise<void>;
  more: () => Promise<void>;
}

export function useFacilities(narrowed: Ref<Narrowed>): Facilities {
  const list = shallowRef<FacilityList | null>(null);
  const rows = shallowRef<readonly Facility[] | null>(null);
  const fields = shallowRef<readonly FieldSpec[]>([]);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  /** Which question the rows answer: an answer that comes late is dropped. */
  let asked = 0;

  async function page(cursor?: string): Promise<void> {
    const { area, kind, standing } = narrowed.value;
    if (area === "") return;
    const own = ++asked;
    busy.value = true;
    failure.value = null;
    const query = { area, limit: PAGE, ...(kind !== "" && { kind }), ...(standing !== "" && { standing }), cursor };
    try {
      const found = await unwrap(api.GET("/api/facilities", { params: { query } }));
      if (own !== asked) return;
      list.value = found;
      rows.value = cursor === undefined ? found.items : [...(rows.value ?? []), ...found.items];
    } catch (error) {
      if (own === asked) failure.value = toProblem(error);
    } finally {
      if (own === asked) busy.value = false;
    }
  }

  watch(
    () => [narrowed.value.area, narrowed.value.kind, narrowed.value.standing] as const,
    ([area], before) => {
      if (area !== before?.[0]) list.value = null;
      rows.value = null;
      void page();
    },
    { immediate: true },
  );
  void unwrap(api.GET("/api/registry/fields"))
    .then((found) => (fields.value = found.kinds.find(({ kind }) => kind === "facility")?.fields ?? []))
    // The list stands without the choice of a kind.
    .catch(() => undefined);
  const kinds = computed(() => (fields.value.find(({ key }) => key === "facility_kind")?.words ?? []).map(({ word, name }) => ({ value: word, label: name })));

  return { list, rows, fields, kinds, failure, busy, load: () => page(), more: async () => (list.value?.next ? page(list.value.next) : undefined) };
}
