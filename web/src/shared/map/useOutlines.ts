import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "../api/client";
import { outlinesIn } from "./outlines";
import type { AreaFeatures } from "./types";

/** Digits of a community's code; the codes of its grids begin with it. */
const COMMUNITY_DIGITS = 12;

/** The grids of the community that `code` lies in, drawn; or the community itself where its grids are not drawn yet. */
export function useOutlines(code: () => string | null): { outlines: ShallowRef<AreaFeatures | null>; busy: Ref<boolean> } {
  const outlines = shallowRef<AreaFeatures | null>(null);
  const busy = ref(false);

  const communityCode = (): string | null => code()?.slice(0, COMMUNITY_DIGITS) ?? null;

  async function load(): Promise<void> {
    const community = communityCode();
    outlines.value = null;
    if (community === null) return;
    busy.value = true;
    try {
      outlines.value = outlinesIn(await unwrap(api.GET("/api/areas/{code}/outlines", { params: { path: { code: community } } })));
    } catch {
      // Without outlines there is nothing to point at; the page then offers its other ways.
      outlines.value = { type: "FeatureCollection", features: [] };
    } finally {
      busy.value = false;
    }
  }

  watch(communityCode, load, { immediate: true });
  return { outlines, busy };
}
