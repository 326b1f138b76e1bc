/** A board with its definitions: read again when what is asked for changes, and quietly after news of cases. */
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import { useLiveEvents } from "../live";
import type { BoardView, IndicatorList } from "../types";
import { asked, type BoardQuery } from "./period";

/** Figures are for looking at calmly. */
const SETTLE_MS = 8_000;
/** While everything is counted again they are looked at sooner. */
const ANEW_MS = 3_000;

export interface Board {
  board: ShallowRef<BoardView | null>;
  definitions: ShallowRef<IndicatorList | null>;
  failure: ShallowRef<ProblemError | null>;
  loading: Ref<boolean>;
  load: () => Promise<void>;
}

export function useBoard(wish: Ref<BoardQuery>): Board {
  const board = shallowRef<BoardView | null>(null);
  const definitions = shallowRef<IndicatorList | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const loading = ref(false);
  let turn = 0;
  /** What the board on the page was asked for. */
  let shown = "";
  let again: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(again));

  async function load(): Promise<void> {
    const mine = ++turn;
    const key = JSON.stringify(asked(wish.value));
    loading.value = true;
    try {
      const words = definitions.value ?? (await unwrap(api.GET("/api/indicators")));
      const found = await unwrap(api.GET("/api/indicators/board", { params: { query: asked(wish.value) } }));
      if (mine !== turn) return;
      [definitions.value, board.value, failure.value, shown] = [words, found, null, key];
      clearTimeout(again);
      if (found.lag.is_anew) again = setTimeout(() => void load(), ANEW_MS);
    } catch (error) {
      if (mine !== turn) return;
      failure.value = toProblem(error);
      // Figures of somewhere else are no answer; those of a moment ago are.
      if (shown !== key) board.value = null;
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  // Which figure is looked at changes nothing of the board.
  watch(
    () => JSON.stringify(asked(wish.value)),
    () => {
      failure.value = null;
      void load();
    },
    { immediate: true },
  );
  useLiveEvents(SETTLE_MS, load);
  return { board, definitions, failure, loading, load };
}
