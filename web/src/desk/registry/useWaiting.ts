/** How many changes wait for a decision in an area, for the button that leads to them. */
import { ref, watch, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";

export interface Waiting {
  /** As it is shown: "3", "50+" when there is a further page, empty when none waits or nobody could say. */
  nWaiting: Ref<string>;
  askWaiting: () => Promise<void>;
}

export function useWaiting(area: Ref<string>, mayDecide: boolean): Waiting {
  const nWaiting = ref("");

  async function askWaiting(): Promise<void> {
    const wanted = area.value;
    if (!mayDecide || wanted === "") return;
    // A figure on a button is no reason to fail: the list behind it says what went wrong.
    const page = await unwrap(api.GET("/api/registry/proposals", { params: { query: { area: wanted } } })).catch(() => null);
    if (wanted !== area.value) return;
    nWaiting.value = page === null || page.items.length === 0 ? "" : `${page.items.length}${page.next ? "+" : ""}`;
  }
  watch(area, askWaiting, { immediate: true });
  return { nWaiting, askWaiting };
}
