/** Where things of the day are, as far as that is known: a case's own point, or the printed code of the building that an address names. Pure. */
import type { Point } from "@shared/api/types";
import type { AreaFeatures, PointFeatures, PointProperties } from "@shared/map/types";
import type { DueItem } from "../phone/due";

export interface KnownPlace {
  name: string;
  point: Point | null;
}

export const keyOf = ({ kind, id }: DueItem): string => `${kind}/${id}`;

function addressOf(item: DueItem): string {
  switch (item.kind) {
    case "case":
      return "";
    case "duty":
      return [item.duty.duty.target?.label, item.duty.duty.target?.address].filter(Boolean).join(" ");
    case "care":
      return item.care.body.address;
  }
}

/** The narrowest place whose name an address holds. A shorter number within a longer one is another house. */
function placeIn(address: string, places: readonly KnownPlace[]): Point | null {
  const isNamed = ({ name }: KnownPlace): boolean => {
    const at = name === "" ? -1 : address.indexOf(name);
    return at >= 0 && !(/\d$/.test(name) && /^\d/.test(address.slice(at + name.length)));
  };
  const found = places.filter((place) => place.point !== null && isNamed(place)).sort((a, b) => b.name.length - a.name.length);
  return found[0]?.point ?? null;
}

export const pointOf = (item: DueItem, places: readonly KnownPlace[]): Point | null => (item.kind === "case" ? (item.case.point ?? null) : placeIn(addressOf(item), places));

const TONES: Record<DueItem["due_state"], PointProperties["tone"]> = { late: "late", soon: "soon", ok: "open", none: "open" };

export interface OnMap {
  item: DueItem;
  point: Point;
}

/** What is due and where that is known. What presses most is drawn last: it lies on top. */
export function onMap(items: readonly DueItem[], places: readonly KnownPlace[]): OnMap[] {
  return items.flatMap((item) => {
    const point = pointOf(item, places);
    return point === null ? [] : [{ item, point }];
  });
}

export const pointsOf = (found: readonly OnMap[]): PointFeatures => ({
  type: "FeatureCollection",
  features: found.toReversed().map(({ item, point }) => ({ type: "Feature", geometry: { type: "Point", coordinates: [point.lon, point.lat] }, properties: { id: keyOf(item), tone: TONES[item.due_state] } })),
});

/** Everything at the same point: one dot stands for all of it. */
export function together(found: readonly OnMap[], key: string): DueItem[] {
  const at = found.find(({ item }) => keyOf(item) === key)?.point;
  return found.filter(({ point }) => point.lon === at?.lon && point.lat === at.lat).map(({ item }) => item);
}

/** One's own areas of those that are drawn; all of them where none is one's own. The name of a single one stands above the map and would cover its dots. */
export function ownOutlines(outlines: AreaFeatures, codes: readonly string[]): AreaFeatures {
  const features = outlines.features.filter(({ properties }) => codes.some((code) => properties.code.startsWith(code) || code.startsWith(properties.code)));
  if (features.length === 1) return { ...outlines, features: features.map((one) => ({ ...one, properties: { ...one.properties, name: "" } })) };
  return features.length === 0 ? outlines : { ...outlines, features };
}
