/** The boxes with their counts, and the list of cases that the filters choose; both follow the live events. */
import { ref, shallowRef, watch, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { CaseRow, FoundCases, FoundPart, InboxBox } from "@shared/api/types";
import { useLiveEvents } from "../live";
import type { CaseQuery } from "./query";

/** Rows fetched at a time: a screenful and a bit, so that the first page needs no second request. */
const PAGE = 50;
/** The most rows that one live refresh asks for; what lies beyond stays as it was loaded. */
const REFRESH_MOST = 200;
/** Live events come in bursts; one refresh follows a burst. */
const SETTLE_MS = 400;

export function useBoxes(area: Ref<string>) {
  const boxes = shallowRef<readonly InboxBox[] | null>(null);
  const failure = shallowRef<ProblemError | null>(null);

  async function load(): Promise<void> {
    try {
      const query = area.value === "" ? {} : { area: area.value };
      boxes.value = (await unwrap(api.GET("/api/inbox", { params: { query } }))).boxes;
      failure.value = null;
    } catch (error) {
      failure.value = toProblem(error);
    }
  }

  watch(area, load, { immediate: true });
  useLiveEvents(SETTLE_MS, load);
  return { boxes, failure, load };
}

/** What a search adds to the list: why each case is in it, how the words were understood. */
export interface Found extends Pick<FoundCases, "places" | "is_whole"> {
  parts: ReadonlyMap<string, readonly FoundPart[]>;
}

function together(before: Found | null, now: Found | null): Found | null {
  return now === null || before === null ? now : { ...now, parts: new Map([...before.parts, ...now.parts]) };
}

/** The list follows `query` once it is `ready`: before that the box to begin with is not known. */
export function useCaseList(query: Ref<CaseQuery>, ready: Ref<boolean>) {
  const rows = shallowRef<readonly CaseRow[]>([]);
  const next = ref<string | null>(null);
  const found = shallowRef<Found | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const state = ref<"loading" | "more" | "ready" | "failed">("loading");
  /** Each load has a turn; an answer that arrives after its turn has passed is dropped. */
  let turn = 0;

  async function fetchRows(limit: number, cursor: string | null): Promise<{ items: CaseRow[]; next?: string | null; found: Found | null }> {
    const { box, area, category, weight, q } = query.value;
    const asked = { limit, ...(area && { area }), ...(category && { category }), ...(weight && { weight }), ...(cursor !== null && { cursor }) };
    if (q === "") return { ...(await unwrap(api.GET("/api/cases", { params: { query: { box, ...asked } } }))), found: null };
    // A search looks through everything that one may see, whatever the box.
    const { items, next, places, is_whole } = await unwrap(api.GET("/api/search", { params: { query: { q, ...asked } } }));
    const parts = new Map(items.map((hit) => [hit.case.id, hit.found]));
    return { items: items.map((hit) => hit.case), next, found: { places, is_whole, parts } };
  }

  async function load(): Promise<void> {
    const mine = ++turn;
    state.value = "loading";
    try {
      const page = await fetchRows(PAGE, null);
      if (mine !== turn) return;
      rows.value = page.items;
      found.value = page.found;
      next.value = page.next ?? null;
      failure.value = null;
      state.value = "ready";
    } catch (error) {
      if (mine !== turn) return;
      rows.value = [];
      failure.value = toProblem(error);
      state.value = "failed";
    }
  }

  async function loadMore(): Promise<void> {
    if (next.value === null || state.value !== "ready") return;
    const mine = ++turn;
    state.value = "more";
    try {
      const page = await fetchRows(PAGE, next.value);
      if (mine !== turn) return;
      const known = new Set(rows.value.map((row) => row.id));
      rows.value = [...rows.value, ...page.items.filter((row) => !known.has(row.id))];
      found.value = together(found.value, page.found);
      next.value = page.next ?? null;
      failure.value = null;
    } catch (error) {
      if (mine === turn) failure.value = toProblem(error);
    } finally {
      if (mine === turn) state.value = "ready";
    }
  }

  /** Fetches again what is on screen, in place: rows are keyed by id, so selection, focus and scroll stay. */
  async function refresh(): Promise<void> {
    if (state.value === "failed") return load();
    if (state.value !== "ready") return;
    const mine = ++turn;
    try {
      const shown = rows.value.length;
      const page = await fetchRows(Math.min(Math.max(shown, PAGE), REFRESH_MOST), null);
      if (mine !== turn) return;
      const fresh = new Set(page.items.map((row) => row.id));
      const isWhole = page.next === undefined || page.next === null || shown <= page.items.length;
      const beyond = isWhole ? [] : rows.value.slice(page.items.length).filter((row) => !fresh.has(row.id));
      rows.value = [...page.items, ...beyond];
      found.value = together(found.value, page.found);
      if (isWhole) next.value = page.next ?? null;
    } catch {
      // What is on screen stays; the connection's state is told elsewhere and the next event tries again.
    }
  }

  watch([query, ready], () => (ready.value ? load() : undefined), { immediate: true });
  useLiveEvents(SETTLE_MS, refresh);
  return { rows, next, found, failure, state, load, loadMore, refresh };
}
