import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "../api/client";
import type { AreaFeatures, AreaProperties } from "./types";

/** Digits of a community's code; the codes of its grids begin with it. */
const COMMUNITY_DIGITS = 12;

type Outline = AreaFeatures["features"][number];

function outlineOf(value: unknown, properties: AreaProperties): Outline[] {
  if (typeof value !== "object" || value === null || !("geometry" in value)) return [];
  const geometry = value.geometry as GeoJSON.Geometry | null;
  if (geometry?.type !== "Polygon" && geometry?.type !== "MultiPolygon") return [];
  return [{ type: "Feature", geometry, properties }];
}

async function fetchOutline(code: string, name: string): Promise<Outline[]> {
  try {
    const feature = await unwrap(api.GET("/api/areas/{code}/boundary", { params: { path: { code } } }));
    return outlineOf(feature, { code, name });
  } catch {
    // An area without a boundary is simply not drawn.
    return [];
  }
}

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
      const { items } = await unwrap(api.GET("/api/areas", { params: { query: { parent: community } } }));
      const drawn = items.filter((area) => area.has_boundary);
      const parts = await Promise.all(drawn.map((area) => fetchOutline(area.code, area.name)));
      const grids = parts.flat();
      const features = grids.length > 0 ? grids : await fetchOutline(community, "");
      outlines.value = { type: "FeatureCollection", features };
    } catch {
      outlines.value = { type: "FeatureCollection", features: [] };
    } finally {
      busy.value = false;
    }
  }

  watch(communityCode, load, { immediate: true });
  return { outlines, busy };
}
