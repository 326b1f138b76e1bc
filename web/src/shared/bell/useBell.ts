/** One's own notices: the count on the bell, the list behind it. */
import { ref, shallowRef } from "vue";
import { api, unwrap } from "../api/client";
import { toProblem, type ProblemError } from "../api/problem";
import type { MyNotice } from "../api/types";

const unread = ref(0);

/** How many were not opened; asked again by whoever hears news. */
export async function askUnread(): Promise<void> {
  try {
    unread.value = (await unwrap(api.GET("/api/notices", { params: { query: { limit: 1 } } }))).n_unread;
  } catch {
    // The bell shows what it knew; the next news asks again.
  }
}

export function useUnread() {
  return unread;
}

export function useBell() {
  const items = shallowRef<readonly MyNotice[] | null>(null);
  const next = ref<string | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);

  async function load(): Promise<void> {
    busy.value = true;
    failure.value = null;
    try {
      const query = next.value === null ? {} : { cursor: next.value };
      const page = await unwrap(api.GET("/api/notices", { params: { query } }));
      items.value = [...(items.value ?? []), ...page.items];
      next.value = page.next ?? null;
      unread.value = page.n_unread;
    } catch (error) {
      failure.value = toProblem(error);
    } finally {
      busy.value = false;
    }
  }

  async function markRead(ids: readonly string[] | null): Promise<void> {
    try {
      await unwrap(api.POST("/api/notices/read", { body: ids === null ? {} : { ids: [...ids] } }));
      const meant = (item: MyNotice): boolean => ids === null || ids.includes(item.id);
      items.value = (items.value ?? []).map((item) => (meant(item) ? { ...item, unread: false } : item));
      await askUnread();
    } catch (error) {
      failure.value = toProblem(error);
    }
  }

  return { items, next, failure, busy, unread, load, markRead };
}
