/**
 * The colours of the map. Late areas are red, others teal, each stronger with the number; the same steps are in the
 * legend and, as words and figures, in the list, so colour is never the only way to tell.
 */
import type { AreaFeatures } from "@shared/map/types";
import type { WallArea, WallView } from "./types";

/** The map component draws n_open from 1 to 60 and n_late from 1 to 20; figures of any size are brought into that range. */
const FULL_OPEN = 60;
const FULL_LATE = 20;

function scaled(n: number, most: number, full: number): number {
  return n === 0 || most === 0 ? 0 : Math.max(1, Math.round((n / most) * full));
}

/** A polygon, or `null` for anything that cannot be drawn as an area. */
export function geometryOf(value: unknown): GeoJSON.Polygon | GeoJSON.MultiPolygon | null {
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  return value.type === "Polygon" || value.type === "MultiPolygon" ? (value as GeoJSON.Polygon | GeoJSON.MultiPolygon) : null;
}

/** The outlines with the figures of the areas, each labelled `name open` or `name open/late`. */
export function mapFeatures(view: WallView, label: (area: WallArea) => string): AreaFeatures {
  const mostOpen = Math.max(0, ...view.children.map((area) => area.n_open));
  const mostLate = Math.max(0, ...view.children.map((area) => area.n_late));
  const byCode = new Map(view.children.map((area) => [area.code, area]));
  const features = view.features.features.flatMap((feature): AreaFeatures["features"] => {
    if (typeof feature !== "object" || feature === null || !("geometry" in feature) || !("properties" in feature)) return [];
    const geometry = geometryOf(feature.geometry);
    const properties = feature.properties as { code?: unknown } | null;
    const area = byCode.get(String(properties?.code));
    if (geometry === null || area === undefined) return [];
    return [
      {
        type: "Feature",
        geometry,
        properties: {
          code: area.code,
          name: label(area),
          n_open: scaled(area.n_open, mostOpen, FULL_OPEN),
          n_late: scaled(area.n_late, mostLate, FULL_LATE),
        },
      },
    ];
  });
  return { type: "FeatureCollection", features };
}
