/** 回访名单: the list, the one who is being called, and what came of the call. */
import { computed, ref, shallowRef, watch } from "vue";
import { isGone } from "@shared/api/acted";
import { api, unwrap } from "@shared/api/client";
import { Intention } from "@shared/api/intention";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { CaseView, FormValues } from "@shared/api/types";
import { useLiveEvents } from "../live";
import type { Callback } from "../types";

const SETTLE_MS = 800;

export function useCallbacks() {
  const rows = shallowRef<readonly Callback[]>([]);
  const next = ref<string | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const state = ref<"loading" | "ready" | "failed">("loading");
  const currentId = ref<string | null>(null);
  let turn = 0;

  const fetchPage = (cursor: string | null) => unwrap(api.GET("/api/callbacks", { params: { query: cursor === null ? {} : { cursor } } }));

  async function load(): Promise<void> {
    const mine = ++turn;
    try {
      const page = await fetchPage(null);
      if (mine !== turn) return;
      rows.value = page.items;
      next.value = page.next ?? null;
      failure.value = null;
      state.value = "ready";
      if (!page.items.some((row) => row.case.id === currentId.value)) currentId.value = callable(page.items)?.case.id ?? null;
    } catch (error) {
      if (mine !== turn) return;
      failure.value = toProblem(error);
      if (state.value !== "ready") state.value = "failed";
    }
  }

  async function more(): Promise<void> {
    if (next.value === null) return;
    const mine = ++turn;
    try {
      const page = await fetchPage(next.value);
      if (mine !== turn) return;
      rows.value = [...rows.value, ...page.items];
      next.value = page.next ?? null;
    } catch (error) {
      if (mine === turn) failure.value = toProblem(error);
    }
  }

  /** The first that this clerk may call. */
  const callable = (all: readonly Callback[]): Callback | undefined => all.find((row) => row.may_follow_up && row.has_phone) ?? all.find((row) => row.may_follow_up);
  const index = computed(() => rows.value.findIndex((row) => row.case.id === currentId.value));

  function move(by: number): void {
    const to = Math.min(Math.max(index.value + by, 0), rows.value.length - 1);
    currentId.value = rows.value[to]?.case.id ?? null;
  }

  /** It was recorded: on to the next, and the list without it or with one more try. */
  async function recorded(id: string): Promise<void> {
    const after = rows.value.slice(index.value + 1);
    const before = rows.value.slice(0, Math.max(index.value, 0));
    currentId.value = callable([...after, ...before])?.case.id ?? null;
    if (currentId.value === null) currentId.value = rows.value.find((row) => row.case.id !== id)?.case.id ?? null;
    await load();
  }

  void load();
  useLiveEvents(SETTLE_MS, load);
  return { rows, next, failure, state, currentId, index, load, more, move, recorded };
}

/** The case that is being called about: what it was, what was answered, the number once it was asked for, and the record. */
export function useCallback(id: () => string | null) {
  const shown = shallowRef<CaseView | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const phone = ref<string | null>(null);
  const refusal = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  const intention = new Intention();
  let turn = 0;

  async function load(): Promise<void> {
    const mine = ++turn;
    const wanted = id();
    failure.value = null;
    if (wanted === null) {
      shown.value = null;
      return;
    }
    try {
      const found = await unwrap(api.GET("/api/cases/{id}", { params: { path: { id: wanted } } }));
      if (mine === turn) shown.value = found;
    } catch (error) {
      if (mine === turn) failure.value = toProblem(error);
    }
  }

  async function reveal(purpose: string): Promise<void> {
    const on = shown.value;
    if (on === null || phone.value !== null || busy.value) return;
    busy.value = true;
    refusal.value = null;
    try {
      const answer = await unwrap(api.POST("/api/cases/{id}/contact", { params: { path: { id: on.id } }, body: { purpose } }));
      if (shown.value?.id === on.id) phone.value = answer.phone ?? null;
    } catch (error) {
      refusal.value = toProblem(error);
    } finally {
      busy.value = false;
    }
  }

  /** Whether it was recorded; what was refused is in `refusal`. */
  async function record(fields: FormValues): Promise<boolean> {
    const on = shown.value;
    if (on === null || busy.value) return false;
    busy.value = true;
    refusal.value = null;
    try {
      const header = { "Idempotency-Key": intention.keyFor({ id: on.id, version: on.version, fields }) };
      const after = await unwrap(
        api.POST("/api/cases/{id}/actions/{verb}", { params: { path: { id: on.id, verb: "follow_up" }, header }, body: { version: on.version, fields } }),
      );
      intention.done();
      if (!isGone(after) && shown.value?.id === after.id) shown.value = after;
      return true;
    } catch (error) {
      refusal.value = toProblem(error);
      if (refusal.value.current !== undefined) shown.value = refusal.value.current;
      return false;
    } finally {
      busy.value = false;
    }
  }

  watch(
    id,
    () => {
      // A number that was shown for one resident must not stay on screen for the next.
      phone.value = null;
      refusal.value = null;
      shown.value = null;
      void load();
    },
    { immediate: true },
  );
  return { shown, failure, phone, refusal, busy, load, reveal, record };
}
