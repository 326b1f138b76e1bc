import { boundsOf } from "./bounds";
import type { AreaFeatures } from "./types";

/** More names than this hide the map; then the list beside it names the areas. */
const MOST_LABELS = 40;

export interface Label {
  text: string;
  lon: number;
  lat: number;
}

/** Where to write each area's name: the middle of its box. */
export function areaLabels(areas: AreaFeatures): Label[] {
  if (areas.features.length > MOST_LABELS) return [];
  return areas.features.flatMap((feature) => {
    const bounds = boundsOf([feature.geometry]);
    if (bounds === null) return [];
    const [west, south, east, north] = bounds;
    return [{ text: feature.properties.name, lon: (west + east) / 2, lat: (south + north) / 2 }];
  });
}
