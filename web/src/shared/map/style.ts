import type { StyleSpecification } from "maplibre-gl";
import type { AreaFeatures, PointFeatures } from "./types";

/** The design tokens as the map needs them; read from the page so that light and dark follow. */
export interface Palette {
  ground: string;
  surface: string;
  ink: string;
  line: string;
  teal: string;
  red: string;
  amber: string;
  grey: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--c-${name}`).trim();
  return {
    ground: token("sunken"),
    surface: token("surface"),
    ink: token("ink"),
    line: token("line-strong"),
    teal: token("teal"),
    red: token("red"),
    amber: token("amber"),
    grey: token("grey"),
  };
}

export const NO_AREAS: AreaFeatures = { type: "FeatureCollection", features: [] };
export const NO_POINTS: PointFeatures = { type: "FeatureCollection", features: [] };

/** A plain ground with our own layers; a base map lies below them when the operator has one. */
export function mapStyle(palette: Palette, tileUrl: string | null): StyleSpecification {
  return {
    version: 8,
    sources: {
      areas: { type: "geojson", data: NO_AREAS, promoteId: "code" },
      points: { type: "geojson", data: NO_POINTS },
      ...(tileUrl === null ? {} : { base: { type: "raster", tiles: [tileUrl], tileSize: 256, maxzoom: 18 } }),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": palette.ground } },
      ...(tileUrl === null ? [] : [{ id: "base", type: "raster" as const, source: "base" }]),
      {
        id: "areas-fill",
        type: "fill",
        source: "areas",
        paint: {
          // Red says late and nothing else; teal grows with what is open.
          "fill-color": [
            "case",
            [">", ["coalesce", ["get", "n_late"], 0], 0],
            palette.red,
            [">", ["coalesce", ["get", "n_open"], 0], 0],
            palette.teal,
            palette.surface,
          ],
          "fill-opacity": [
            "case",
            [">", ["coalesce", ["get", "n_late"], 0], 0],
            ["interpolate", ["linear"], ["get", "n_late"], 1, 0.18, 20, 0.5],
            [">", ["coalesce", ["get", "n_open"], 0], 0],
            ["interpolate", ["linear"], ["get", "n_open"], 1, 0.12, 60, 0.4],
            tileUrl === null ? 0.9 : 0.2,
          ],
        },
      },
      { id: "areas-line", type: "line", source: "areas", paint: { "line-color": palette.line, "line-width": 1.25 } },
      {
        id: "areas-hover",
        type: "line",
        source: "areas",
        paint: {
          "line-color": palette.teal,
          "line-width": ["case", ["boolean", ["feature-state", "hover"], false], 3, 0],
        },
      },
      {
        id: "points-dot",
        type: "circle",
        source: "points",
        paint: {
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 4, 16, 9],
          "circle-color": [
            "match",
            ["get", "tone"],
            "late",
            palette.red,
            "soon",
            palette.amber,
            "open",
            palette.teal,
            palette.grey,
          ],
          "circle-stroke-color": palette.surface,
          "circle-stroke-width": 2,
        },
      },
    ],
  };
}
