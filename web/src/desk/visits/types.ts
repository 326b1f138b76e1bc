/** The API's shapes of what visits keep coming upon. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type VisitProblem = Shapes["VisitProblem"];
export type VisitProblems = Shapes["VisitProblems"];

export const TABS = ["problems", "lists"] as const;
export type Tab = (typeof TABS)[number];

export type VisitList = Shapes["VisitList"];
export type ListedHome = Shapes["ListedHome"];

export interface HomesOfPlace {
  code: string;
  name: string;
  homes: ListedHome[];
}

/** The homes of a list by place, in the order in which they come; those that were visited only where they are asked for. */
export function byPlace(list: VisitList, all: boolean): HomesOfPlace[] {
  const places = new Map<string, HomesOfPlace>();
  for (const home of list.homes) {
    if (!all && home.state === "done") continue;
    const place = places.get(home.area.code) ?? { code: home.area.code, name: home.area.full_name, homes: [] };
    place.homes.push(home);
    places.set(home.area.code, place);
  }
  return [...places.values()];
}
