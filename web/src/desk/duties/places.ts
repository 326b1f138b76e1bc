/** How places of one list are called, so that "第一微网格" of one grid is not taken for that of another. */
import type { AreaRef } from "@shared/api/types";

export function placeNames(areas: readonly AreaRef[]): ReadonlyMap<string, string> {
  const known = new Map(areas.map((area) => [area.code, area]));
  const all = [...known.values()];
  const n = new Map<string, number>();
  for (const { name } of all) n.set(name, (n.get(name) ?? 0) + 1);
  return new Map(all.map((area) => [area.code, n.get(area.name) === 1 ? area.name : withParent(area, all)]));
}

/** The parent is known by its full name, which begins that of the place; a place whose parent is not listed is given in full. */
function withParent(area: AreaRef, all: readonly AreaRef[]): string {
  const above = all.filter((one) => one.full_name !== area.full_name && area.full_name.startsWith(one.full_name));
  const parent = above.reduce<AreaRef | undefined>((best, one) => (best === undefined || one.full_name.length > best.full_name.length ? one : best), undefined);
  if (parent === undefined) return area.full_name;
  const rest = area.full_name.slice(parent.full_name.length);
  return rest === area.name ? `${parent.name} ${area.name}` : rest;
}
