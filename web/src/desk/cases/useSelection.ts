/** The rows that one act shall be for: picked one by one, or from one to another. What leaves the list is no longer picked. */
import { computed, shallowRef, watch, type ComputedRef, type Ref } from "vue";
import type { CaseRow } from "@shared/api/types";

/** One request takes so many. */
const MOST = 200;

export interface Selection {
  ids: Ref<ReadonlySet<string>>;
  rows: ComputedRef<readonly CaseRow[]>;
  /** Whether more were wanted than one request takes. */
  isFull: ComputedRef<boolean>;
  toggle: (id: string) => void;
  /** Everything from the row that was picked last to this one. */
  extendTo: (id: string) => void;
  all: () => void;
  remove: (ids: readonly string[]) => void;
  clear: () => void;
}

export function useSelection(list: Ref<readonly CaseRow[]>): Selection {
  const ids = shallowRef<ReadonlySet<string>>(new Set());
  let anchor: string | null = null;

  const put = (next: Iterable<string>): void => void (ids.value = new Set([...next].slice(0, MOST)));

  function toggle(id: string): void {
    put(ids.value.has(id) ? [...ids.value].filter((one) => one !== id) : [...ids.value, id]);
    anchor = id;
  }

  function extendTo(id: string): void {
    const at = (wanted: string | null): number => list.value.findIndex((row) => row.id === wanted);
    const [from, to] = [at(anchor), at(id)];
    if (from === -1 || to === -1) return toggle(id);
    const between = list.value.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id);
    put([...ids.value, ...between]);
  }

  function remove(gone: readonly string[]): void {
    put([...ids.value].filter((id) => !gone.includes(id)));
  }

  watch(list, (rows) => {
    if (ids.value.size === 0) return;
    const there = new Set(rows.map((row) => row.id));
    put([...ids.value].filter((id) => there.has(id)));
  });

  return {
    ids,
    rows: computed(() => list.value.filter((row) => ids.value.has(row.id))),
    isFull: computed(() => ids.value.size >= MOST),
    toggle,
    extendTo,
    all: () => put(list.value.map((row) => row.id)),
    remove,
    clear: () => put([]),
  };
}
