/** What the wall shows for one area, kept fresh by the live events. */
import { onBeforeUnmount, ref, shallowRef, watch, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { useLive } from "@shared/api/live";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { WallView } from "./types";

/** A city has a change every second; the wall follows at a calm pace. */
const PACE_MS = 3_000;

export function useWall(code: Ref<string | undefined>) {
  const view = shallowRef<WallView | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const loading = ref(true);
  const readAt = shallowRef<string | null>(null);
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    const mine = ++turn;
    try {
      const query = code.value === undefined ? {} : { area: code.value };
      const found = await unwrap(api.GET("/api/wall", { params: { query } }));
      if (mine !== turn) return;
      view.value = found;
      failure.value = null;
      readAt.value = new Date().toISOString();
    } catch (error) {
      if (mine === turn) failure.value = toProblem(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  function soon(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void load();
    }, PACE_MS);
  }

  watch(
    code,
    () => {
      loading.value = true;
      void load();
    },
    { immediate: true },
  );
  // Not before something was read: whoever is not signed in has no stream either.
  const { state } = useLive(() => (view.value === null ? null : "/api/live"), { on: { case: soon, inbox: soon }, onResume: soon });
  onBeforeUnmount(() => clearTimeout(timer));
  return { view, failure, loading, readAt, state, load };
}
