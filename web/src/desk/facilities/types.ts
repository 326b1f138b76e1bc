/** The shapes of public facilities as their page uses them. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Facility = Shapes["Facility"];
export type FacilityCase = Shapes["FacilityCase"];
export type FacilityList = Shapes["FacilityList"];
export type FacilityView = Shapes["FacilityPage"];

/** What the list is narrowed to; all of them without it. */
export const STANDINGS = ["reported", "stopped"] as const;
export type Standing = (typeof STANDINGS)[number];

/** What the page is narrowed to, as it stands in the address. */
export interface Narrowed {
  area: string;
  kind: string;
  standing: Standing | "";
}

type Words = Readonly<Record<string, unknown>>;

const word = (value: unknown): string => (typeof value === "string" ? value : "");

/** What a link says; without an area it is all that the reader has. */
export const readNarrowed = (query: Words, home: string): Narrowed => ({
  area: word(query.area) || home,
  kind: word(query.kind),
  standing: STANDINGS.find((one) => one === query.standing) ?? "",
});

/** Only what is narrowed stands in the address. */
export const writeNarrowed = (narrowed: Narrowed, home: string): Record<string, string> =>
  Object.fromEntries(Object.entries({ ...narrowed, area: narrowed.area === home ? "" : narrowed.area }).filter(([, value]) => value !== ""));

/** How a facility stands: what waits to be mended comes first, also where it is out of use. */
export function standsOf({ open_since, is_stopped }: Pick<Facility, "open_since" | "is_stopped">): readonly (Standing | "fine")[] {
  const stands = [...(open_since ? (["reported"] as const) : []), ...(is_stopped ? (["stopped"] as const) : [])];
  return stands.length === 0 ? ["fine"] : stands;
}
