/** Outlines of areas as the map component wants them, fetched once each. */
import { api, unwrap } from "@shared/api/client";
import { ProblemError } from "@shared/api/problem";
import type { AreaRef } from "@shared/api/types";
import { geometryOf } from "@shared/map/outlines";
import type { AreaFeatures, AreaProperties } from "@shared/map/types";

type Outline = GeoJSON.Feature<GeoJSON.Polygon | GeoJSON.MultiPolygon, AreaProperties>;

const kept = new Map<string, AreaFeatures | null>();
/** Enough for an afternoon's cases; a boundary changes a few times a year. */
const MOST_KEPT = 200;

function outlineOf(data: unknown, area: AreaRef): Outline | null {
  if (typeof data !== "object" || data === null || !("geometry" in data)) return null;
  const geometry = geometryOf(data.geometry);
  if (geometry === null) return null;
  return { type: "Feature", properties: { code: area.code, name: area.name }, geometry };
}

/** The outline of an area, or `null` when none was drawn yet. */
export async function fetchBoundary(area: AreaRef): Promise<AreaFeatures | null> {
  const before = kept.get(area.code);
  if (before !== undefined) return before;
  let found: AreaFeatures | null = null;
  try {
    const data: unknown = await unwrap(api.GET("/api/areas/{code}/boundary", { params: { path: { code: area.code } } }));
    const outline = outlineOf(data, area);
    found = outline === null ? null : { type: "FeatureCollection", features: [outline] };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 404) throw error;
  }
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(area.code, found);
  return found;
}
