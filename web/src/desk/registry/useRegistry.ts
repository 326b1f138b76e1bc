/** Records of one area and kind: what the registry keeps, how complete it is, and a page of rows. */
import { ref, shallowRef, watch, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Figures, Kind, KindSpec, Row } from "./types";

/** Rows of a page: what fits on a clerk's screen. */
const PAGE = 40;

export function useRegistry(area: Ref<string>, kind: Ref<Kind>, q: Ref<string>, lack: Ref<string>) {
  const specs = shallowRef<readonly KindSpec[]>([]);
  const figures = shallowRef<Figures | null>(null);
  const rows = shallowRef<readonly Row[] | null>(null);
  const next = ref<string | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  /** Which question the rows answer: an answer that comes late is dropped. */
  let asked = 0;

  async function page(after: string | null): Promise<void> {
    const own = ++asked;
    busy.value = true;
    failure.value = null;
    const query = {
      area: area.value,
      limit: PAGE,
      ...(q.value !== "" && { q: q.value }),
      ...(lack.value !== "" && { lack: lack.value }),
      ...(after !== null && { after }),
    };
    try {
      const found = await unwrap(api.GET("/api/registry/{kind}", { params: { path: { kind: kind.value }, query } }));
      if (own !== asked) return;
      rows.value = after === null ? found.items : [...(rows.value ?? []), ...found.items];
      next.value = found.next ?? null;
    } catch (error) {
      if (own === asked) failure.value = toProblem(error);
    } finally {
      if (own === asked) busy.value = false;
    }
  }

  async function count(): Promise<void> {
    // Figures help; a list without them is still a list.
    figures.value = await unwrap(api.GET("/api/registry/figures", { params: { query: { area: area.value } } })).catch(() => null);
  }

  async function load(): Promise<void> {
    if (area.value === "") return;
    rows.value = null;
    await page(null);
  }

  async function reload(): Promise<void> {
    await Promise.all([page(null), count()]);
  }

  watch([area, kind, q, lack], load, { immediate: true });
  watch(area, count, { immediate: true });
  void unwrap(api.GET("/api/registry/fields"))
    .then((found) => (specs.value = found.kinds))
    .catch((error: unknown) => (failure.value = toProblem(error)));

  return { specs, figures, rows, next, failure, busy, load, reload, more: () => page(next.value) };
}
