/** Where one may have been: one's areas and their buildings, the places of the last days first. */
import type { Me } from "@shared/api/types";
import type { RegistryRow } from "@shared/registry/fields";
import type { Duty, Rows, VisitKind } from "../phone/types";

export interface Place {
  /** Tells them apart in a list: the printed code, or the area's. */
  key: string;
  name: string;
  /** What of it goes into the record. */
  sent: { area_code: string } | { place: string } | { record_id: string };
}

export interface PlaceGroup {
  name: string;
  places: Place[];
}

/** A printed code that stands for a whole area is that area; it is named once. */
const AREA_SIGN = "grid";

/** Every place of the phone's rows, one group for each area. */
export function placesOf(rows: Rows): PlaceGroup[] {
  const areas = rows.all("area").sort((a, b) => a.area.code.localeCompare(b.area.code));
  return areas.map(({ area, places }) => ({
    name: area.name,
    places: [
      { key: area.code, name: area.name, sent: { area_code: area.code } },
      ...places.filter(({ kind }) => kind !== AREA_SIGN).map(({ code, name }): Place => ({ key: code, name, sent: { place: code } })),
    ],
  }));
}

/** With no rows on the phone: the areas of one's posts. */
export function placesOfPosts(me: Me): PlaceGroup[] {
  const areas = new Map(me.grants.map(({ area }) => [area.code, area]));
  return [...areas.values()].map(({ code, name, full_name }) => ({ name: full_name, places: [{ key: code, name, sent: { area_code: code } }] }));
}

/** What one most likely did there: a building is visited, an area patrolled. */
export const likelyKind = (place: Place): VisitKind => ("area_code" in place.sent ? "patrol" : "visit");

/** The dwelling for which something is due, or the area. */
export function placeOfDuty({ area, target }: Duty): Place {
  if (target) return { key: target.record_id, name: target.label, sent: { record_id: target.record_id } };
  return { key: area.code, name: area.name, sent: { area_code: area.code } };
}

/** The dwelling or premises that somebody was at; whoever visits a household is in its dwelling. */
export function placeOfRecord({ id, kind, name, address, fields }: RegistryRow): Place {
  const key = kind === "household" ? (fields.dwelling_id ?? id) : id;
  return { key, name: kind === "premises" ? name : address, sent: { record_id: key } };
}

const MOST_RECENT = 3;

/** The place just used first, then those before it. */
export function withRecent(recent: readonly string[], key: string): string[] {
  return [key, ...recent.filter((other) => other !== key)].slice(0, MOST_RECENT);
}
