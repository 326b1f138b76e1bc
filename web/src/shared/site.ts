import { shallowRef, watch, type ShallowRef } from "vue";
import { api, unwrap } from "./api/client";
import type { Site } from "./api/types";
import { currentLocale } from "./i18n/locale";

const site = shallowRef<Site | null>(null);
let asked: Promise<void> | null = null;
let place: string | null = null;

/** The staff's own places are known to the server; a resident's page says which one it is about. */
const face = (): "home" | "field" => (location.pathname.startsWith("/field") ? "field" : "home");

async function load(): Promise<void> {
  try {
    site.value = await unwrap(api.GET("/api/site", { params: { query: { face: face(), ...(place === null ? {} : { area: place }) } } }));
  } catch {
    // The page works without it; whoever comes next asks again.
    asked = null;
  }
}

watch(currentLocale, () => {
  if (asked !== null) asked = load();
});

/** Who runs this site and what it wants to say. Fetched once for a visit; `null` until it is there. */
export function useSite(): ShallowRef<Site | null> {
  asked ??= load();
  return site;
}

/** The page is about this area now: what its banners say is shown too. */
export function askSiteFor(area: string): void {
  if (place === area) return;
  place = area;
  if (asked !== null) asked = load();
}
