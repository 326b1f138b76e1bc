import { boundsOf } from "./bounds";
import type { AreaFeatures } from "./types";

/** More names than this hide the map; then the list beside it names the areas. */
const MOST_LABELS = 40;
/** Points tried a side when looking for the middle of an area. */
const TRIES = 14;

type Ring = readonly GeoJSON.Position[];

export interface Label {
  text: string;
  lon: number;
  lat: number;
  /** Where two labels have no room, the one that says more stays. */
  weight: number;
}

function ringsOf(geometry: GeoJSON.Polygon | GeoJSON.MultiPolygon): Ring[] {
  return geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
}

/** Distance to the nearest border, squared, in degrees of latitude; negative outside (even-odd rule over all rings). */
function depthAt(lon: number, lat: number, rings: readonly Ring[], lonScale: number): number {
  let inside = false;
  let least = Infinity;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i += 1) {
      const [x1 = 0, y1 = 0] = ring[i - 1] ?? [];
      const [x2 = 0, y2 = 0] = ring[i] ?? [];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
      const [dx, dy] = [(x2 - x1) * lonScale, y2 - y1];
      const along = Math.max(0, Math.min(1, ((lon - x1) * lonScale * dx + (lat - y1) * dy) / (dx * dx + dy * dy || 1)));
      least = Math.min(least, ((x1 - lon) * lonScale + along * dx) ** 2 + (y1 - lat + along * dy) ** 2);
    }
  }
  return inside ? least : -least;
}

/** A point well inside an area, of whatever shape: the middle of a crescent lies in its neighbour. */
export function middleOf(geometry: GeoJSON.Polygon | GeoJSON.MultiPolygon): { lon: number; lat: number } | null {
  const bounds = boundsOf([geometry]);
  if (bounds === null) return null;
  const [west, south, east, north] = bounds;
  const rings = ringsOf(geometry);
  const lonScale = Math.cos((((south + north) / 2) * Math.PI) / 180);
  let best = { lon: (west + east) / 2, lat: (south + north) / 2 };
  // The plain middle is kept where it is nearly as good: labels in rows read better.
  let depth = depthAt(best.lon, best.lat, rings, lonScale) * 1.5;
  for (let x = 1; x < TRIES; x += 1) {
    for (let y = 1; y < TRIES; y += 1) {
      const [lon, lat] = [west + ((east - west) * x) / TRIES, south + ((north - south) * y) / TRIES];
      const here = depthAt(lon, lat, rings, lonScale);
      if (here > depth) [best, depth] = [{ lon, lat }, here];
    }
  }
  return best;
}

/** Where to write each area's name, the most telling first. */
export function areaLabels(areas: AreaFeatures): Label[] {
  if (areas.features.length > MOST_LABELS) return [];
  const labels = areas.features.flatMap(({ geometry, properties }) => {
    const { name, n_late = 0, n_open = 0 } = properties;
    const middle = name === "" ? null : middleOf(geometry);
    return middle === null ? [] : [{ text: name, ...middle, weight: n_late * 1_000 + n_open }];
  });
  return labels.sort((a, b) => b.weight - a.weight);
}

/** A label's box on the screen, in pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Which labels have room, going through them in order: one that would cover an earlier one has none. */
export function withRoom(boxes: readonly Box[]): boolean[] {
  const placed: Box[] = [];
  return boxes.map((box) => {
    const covers = placed.some((other) => box.x < other.x + other.width && other.x < box.x + box.width && box.y < other.y + other.height && other.y < box.y + box.height);
    if (!covers) placed.push(box);
    return !covers;
  });
}
