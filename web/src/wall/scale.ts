/**
 * The colours of the map. Late areas are red, others teal, each stronger with the number; the same steps are in the
 * legend and, as words and figures, in the list, so colour is never the only way to tell.
 */
import { outlinesIn } from "@shared/map/outlines";
import type { AreaFeatures } from "@shared/map/types";
import type { WallArea, WallView } from "./types";

/** The map component draws n_open from 1 to 60 and n_late from 1 to 20; figures of any size are brought into that range. */
const FULL_OPEN = 60;
const FULL_LATE = 20;

function scaled(n: number, most: number, full: number): number {
  return n === 0 || most === 0 ? 0 : Math.max(1, Math.round((n / most) * full));
}

/** The outlines with the figures of the areas, each labelled `name open` or `name open/late`. */
export function mapFeatures(view: WallView, label: (area: WallArea) => string): AreaFeatures {
  const mostOpen = Math.max(0, ...view.children.map((area) => area.n_open));
  const mostLate = Math.max(0, ...view.children.map((area) => area.n_late));
  const byCode = new Map(view.children.map((area) => [area.code, area]));
  return outlinesIn(view.features, (code) => {
    const area = byCode.get(code);
    if (area === undefined) return null;
    return { code, name: label(area), n_open: scaled(area.n_open, mostOpen, FULL_OPEN), n_late: scaled(area.n_late, mostLate, FULL_LATE) };
  });
}
