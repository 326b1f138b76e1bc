import type { components } from "../api/schema";
import type { AreaFeatures, AreaProperties } from "./types";

type Drawn = GeoJSON.Polygon | GeoJSON.MultiPolygon;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A polygon, or `null` for anything that cannot be drawn as an area. */
export function geometryOf(value: unknown): Drawn | null {
  if (!isObject(value)) return null;
  return value.type === "Polygon" || value.type === "MultiPolygon" ? (value as unknown as Drawn) : null;
}

/** What an answer draws: each area with its code and its name; what cannot be drawn is left out. */
export function outlinesIn(
  given: components["schemas"]["FeatureCollection"],
  properties: (code: string, name: string) => AreaProperties | null = (code, name) => ({ code, name }),
): AreaFeatures {
  const features = given.features.flatMap((feature): AreaFeatures["features"] => {
    if (!isObject(feature) || !isObject(feature.properties)) return [];
    const geometry = geometryOf(feature.geometry);
    const told = properties(String(feature.properties.code), String(feature.properties.name));
    return geometry === null || told === null ? [] : [{ type: "Feature", geometry, properties: told }];
  });
  return { type: "FeatureCollection", features };
}
