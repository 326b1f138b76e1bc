/** A list of records: on an open phone all of them at once, without one page by page from the server. */
import { computed, onBeforeUnmount, reactive, ref, shallowRef, watch, type ComputedRef, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import { useNow } from "@shared/lib/useTime";
import type { RegistryRow } from "@shared/registry/fields";
import { isOpen, usePhone } from "../phone/phone";
import type { RecordItem } from "../phone/records";
import { found, isStale, ordered, personsIn, type ListedKind } from "./find";
import { useHasRegistry } from "./useSpecs";

/** So many are shown at first, and so many more each time. */
const PAGE = 50;
const PAUSE_MS = 300;

/** What was asked for last. Whoever comes back from a door finds the list as they left it. */
const ask = reactive({ kind: "dwelling" as ListedKind, q: "", stale: false, n: PAGE });

export interface RegistryList {
  ask: typeof ask;
  /** `null` until they are known. */
  items: ComputedRef<readonly RecordItem[] | null>;
  /** How many there are of each kind, where that is known at once. */
  counts: ComputedRef<Readonly<Record<ListedKind, number>> | null>;
  persons: ComputedRef<ReadonlyMap<string, number>>;
  hasMore: ComputedRef<boolean>;
  busy: Ref<boolean>;
  problem: Ref<ProblemError | null>;
  load: () => Promise<void>;
  more: () => Promise<void>;
}

function usePhoneList(): RegistryList {
  const { view } = usePhone();
  const now = useNow();
  const all = computed(() => ordered(view.value.records.values()));
  const hits = computed(() => found(all.value, ask.q).filter(({ row }) => !ask.stale || isStale(row, now.value.getTime())));
  const mine = computed(() => hits.value.filter(({ row }) => row.kind === ask.kind));
  const countOf = (kind: ListedKind): number => hits.value.filter(({ row }) => row.kind === kind).length;

  watch([() => ask.kind, () => ask.q, () => ask.stale], () => (ask.n = PAGE));
  return {
    ask,
    items: computed(() => mine.value.slice(0, ask.n)),
    counts: computed(() => ({ dwelling: countOf("dwelling"), premises: countOf("premises"), firm: countOf("firm"), facility: countOf("facility") })),
    persons: computed(() => personsIn(view.value.records)),
    hasMore: computed(() => mine.value.length > ask.n),
    busy: ref(false),
    problem: shallowRef(null),
    load: async () => undefined,
    more: async () => void (ask.n += PAGE),
  };
}

function useServerList(): RegistryList {
  const has = useHasRegistry();
  const rows = shallowRef<readonly RegistryRow[] | null>(null);
  const next = ref<string | null>(null);
  const busy = ref(false);
  const problem = shallowRef<ProblemError | null>(null);
  /** Which question the rows answer: an answer that comes late is dropped. */
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function page(after: string | null): Promise<void> {
    if (!has.value) return;
    const own = ++asked;
    busy.value = true;
    const query = { limit: PAGE, ...(ask.q.trim() === "" ? {} : { q: ask.q.trim() }), ...(ask.stale ? { lack: "unconfirmed" } : {}), ...(after === null ? {} : { after }) };
    try {
      const answer = await unwrap(api.GET("/api/registry/{kind}", { params: { path: { kind: ask.kind }, query } }));
      if (own !== asked) return;
      rows.value = after === null ? answer.items : [...(rows.value ?? []), ...answer.items];
      next.value = answer.next ?? null;
      problem.value = null;
    } catch (cause) {
      if (own === asked) problem.value = toProblem(cause);
    } finally {
      if (own === asked) busy.value = false;
    }
  }

  watch([() => ask.kind, () => ask.stale], () => {
    rows.value = null;
    void page(null);
  }, { immediate: true });
  watch(() => ask.q, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void page(null), PAUSE_MS);
  });
  onBeforeUnmount(() => clearTimeout(timer));
  return {
    ask,
    items: computed(() => rows.value?.map((row) => ({ row, pending: [] })) ?? null),
    counts: computed(() => null),
    persons: computed(() => new Map<string, number>()),
    hasMore: computed(() => next.value !== null),
    busy,
    problem,
    load: () => page(null),
    more: async () => (next.value === null ? undefined : page(next.value)),
  };
}

export const useRegistryList = (): RegistryList => (isOpen() ? usePhoneList() : useServerList());
