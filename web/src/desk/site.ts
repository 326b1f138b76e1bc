/** What this installation is called and how it is set up, fetched once. */
import { shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { Site } from "@shared/api/types";

const site = shallowRef<Site | null>(null);
let loading: Promise<void> | null = null;

async function load(): Promise<void> {
  site.value = await unwrap(api.GET("/api/site", { params: { query: { face: "desk" } } }));
}

export function useSite() {
  loading ??= load().catch(() => {
    // Asked again by the next page; nothing but the name and the base map depends on it.
    loading = null;
  });
  return { site };
}
