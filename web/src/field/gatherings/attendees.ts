/** Colleagues as one ticks them: told apart by their place, those of one's own grid first. Pure. */
import type { AreaRef } from "@shared/api/types";
import type { Colleague } from "../phone/types";

/** Digits of a code down to the grid. */
const GRID_DIGITS = 15;

export interface Attendee {
  value: string;
  label: string;
  hint: string;
}

/** A name that several places have says in which it lies, from the nearest that is known. */
export function placeName(area: AreaRef, known: readonly AreaRef[]): string {
  if (known.every(({ code, name }) => name !== area.name || code === area.code)) return area.name;
  const above = known.filter(({ code }) => code !== area.code && area.code.startsWith(code)).sort((a, b) => b.code.length - a.code.length)[0];
  return above === undefined ? area.full_name : area.full_name.slice(above.full_name.length - above.name.length);
}

/** `home` is the code of where one works. */
export function attendees(colleagues: readonly Colleague[], own: readonly AreaRef[], home: string): Attendee[] {
  const known = [...own, ...colleagues.map(({ area }) => area)];
  const grid = home.slice(0, GRID_DIGITS);
  const isFar = ({ area }: Colleague): number => (grid !== "" && area.code.startsWith(grid) ? 0 : 1);
  return [...colleagues]
    .sort((a, b) => isFar(a) - isFar(b) || a.area.code.localeCompare(b.area.code))
    .map(({ id, name, area, role_name }) => ({ value: id, label: name, hint: `${placeName(area, known)} ${role_name}` }));
}
