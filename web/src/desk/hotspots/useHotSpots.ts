/** Places from which the same kind of matter keeps coming: those that wait for a person, and those that were decided. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import { useLiveEvents } from "../live";
import type { Standing } from "../proactive/types";
import type { HotSpot, HotSpotDetail } from "../types";

/** New cases change what is hot, but not from one second to the next. */
const SETTLE_MS = 5_000;

const fetchSpots = async (state: Standing): Promise<readonly HotSpot[]> => (await unwrap(api.GET("/api/hot-spots", { params: { query: { state } } }))).items;

export interface HotSpotList {
  spots: ShallowRef<readonly HotSpot[] | null>;
  failure: ShallowRef<ProblemError | null>;
  load: () => Promise<void>;
}

/** The list that follows `state`. */
export function useHotSpots(state: Ref<Standing>): HotSpotList {
  const spots = shallowRef<readonly HotSpot[] | null>(null);
  const failure = shallowRef<ProblemError | null>(null);

  async function load(): Promise<void> {
    const asked = state.value;
    try {
      const found = await fetchSpots(asked);
      if (asked !== state.value) return;
      spots.value = found;
      failure.value = null;
    } catch (error) {
      if (asked === state.value) failure.value = toProblem(error);
    }
  }

  watch(
    state,
    () => {
      spots.value = null;
      void load();
    },
    { immediate: true },
  );
  useLiveEvents(SETTLE_MS, load);
  return { spots, failure, load };
}

/** How many wait for a person; `null` until it is known. */
export function useHotSpotCount(): Ref<number | null> {
  const n = ref<number | null>(null);
  async function count(): Promise<void> {
    try {
      n.value = (await fetchSpots("open")).length;
    } catch {
      // A count beside the inbox: what cannot be counted now is counted with the next event.
    }
  }
  void count();
  useLiveEvents(SETTLE_MS, count);
  return n;
}

/** One of them with the cases behind it. */
export function useHotSpot(id: () => string): { spot: ShallowRef<HotSpotDetail | null>; failure: ShallowRef<ProblemError | null>; load: () => Promise<void> } {
  const spot = shallowRef<HotSpotDetail | null>(null);
  const failure = shallowRef<ProblemError | null>(null);

  async function load(): Promise<void> {
    const asked = id();
    try {
      const found = await unwrap(api.GET("/api/hot-spots/{id}", { params: { path: { id: asked } } }));
      if (asked === id()) [spot.value, failure.value] = [found, null];
    } catch (error) {
      if (asked === id()) failure.value = toProblem(error);
    }
  }

  watch(
    id,
    () => {
      spot.value = null;
      void load();
    },
    { immediate: true },
  );
  return { spot, failure, load };
}
