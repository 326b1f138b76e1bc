import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { useLive } from "@shared/api/live";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { CaseRow, InboxBox } from "@shared/api/types";

const PAGE = 30;
const PAUSE_MS = 300;

/** A box as a button shows it. */
export type Box = Omit<InboxBox, "key"> & { key: string };

export interface CaseList {
  boxes: Readonly<Ref<Box[]>>;
  box: Ref<string>;
  q: Ref<string>;
  rows: Readonly<Ref<CaseRow[] | null>>;
  next: Ref<string | null>;
  busy: Ref<boolean>;
  problem: ShallowRef<ProblemError | null>;
  load: () => Promise<void>;
  more: () => Promise<void>;
  /** Acts on a case that are on their way. */
  nPending: (row: CaseRow) => number;
}

/** Cases by box and words, page by page, kept fresh. */
export function useCaseList(): CaseList {
  const boxes = shallowRef<InboxBox[]>([]);
  const box = ref<InboxBox["key"]>("all_open");
  const q = ref("");
  const rows = shallowRef<CaseRow[] | null>(null);
  const next = ref<string | null>(null);
  const busy = ref(false);
  const problem = shallowRef<ProblemError | null>(null);
  let n = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Words are looked for in everything that one may see, whatever the box. */
  async function fetchRows(asked: { limit: number; cursor?: string }): Promise<{ items: CaseRow[]; next?: string | null }> {
    const words = q.value.trim();
    if (words === "") return unwrap(api.GET("/api/cases", { params: { query: { box: box.value, ...asked } } }));
    const { items, next } = await unwrap(api.GET("/api/search", { params: { query: { q: words, ...asked } } }));
    return { items: items.map((hit) => hit.case), next };
  }

  async function fetchPage(cursor: string | undefined): Promise<void> {
    n += 1;
    const mine = n;
    busy.value = true;
    try {
      const page = await fetchRows({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      if (mine !== n) return;
      rows.value = cursor === undefined ? page.items : [...(rows.value ?? []), ...page.items];
      next.value = page.next ?? null;
      problem.value = null;
    } catch (cause) {
      if (mine === n) problem.value = toProblem(cause);
    } finally {
      if (mine === n) busy.value = false;
    }
  }

  async function loadBoxes(): Promise<void> {
    try {
      boxes.value = (await unwrap(api.GET("/api/inbox"))).boxes;
    } catch {
      // The list itself says what is wrong.
    }
  }

  async function load(): Promise<void> {
    await Promise.all([loadBoxes(), fetchPage(undefined)]);
  }

  async function more(): Promise<void> {
    if (next.value !== null && !busy.value) await fetchPage(next.value);
  }

  watch(box, () => {
    rows.value = null;
    void fetchPage(undefined);
  });
  watch(q, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void fetchPage(undefined), PAUSE_MS);
  });
  onBeforeUnmount(() => clearTimeout(timer));
  void load();
  useLive(() => "/api/live", { on: { case: () => void load(), inbox: () => void loadBoxes() }, onResume: () => void load() });
  return { boxes, box: box as Ref<string>, q, rows, next, busy, problem, load, more, nPending: () => 0 };
}
