import { shallowRef, type ShallowRef } from "vue";
import { api, unwrap } from "./api/client";
import type { Site } from "./api/types";

const site = shallowRef<Site | null>(null);
let asked: Promise<void> | null = null;

/** Who runs this site and what it wants to say. Fetched once for a visit; `null` until it is there. */
export function useSite(): ShallowRef<Site | null> {
  asked ??= unwrap(api.GET("/api/site"))
    .then((answer) => {
      site.value = answer;
    })
    .catch(() => {
      asked = null;
    });
  return site;
}
