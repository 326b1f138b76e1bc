/** Finding records on a phone: thousands at once, in the order in which doors follow each other. Pure. */
import type { AreaRef } from "@shared/api/types";
import type { FieldSpec, RegistryKind, RegistryRow } from "@shared/registry/fields";
import type { RecordItem, Records } from "../phone/records";

/** Kinds that have a list; a household is found in its dwelling. */
export const LISTED = ["dwelling", "premises", "firm", "facility"] as const satisfies readonly RegistryKind[];
export type ListedKind = (typeof LISTED)[number];

export const kindOf = (word: string): RegistryKind | null => [...LISTED, "household" as const, "resident" as const].find((kind) => kind === word) ?? null;

/** After so long somebody should look again whether it still is as it stands. Unit: ms. */
export const FRESH_MS = 365 * 86_400_000;

export const isStale = ({ confirmed_at }: Pick<RegistryRow, "confirmed_at">, nowMs: number): boolean => nowMs - (Date.parse(confirmed_at ?? "") || 0) > FRESH_MS;

/** Words in the order in which people read numbers in them, as the server does: 3 before 12. */
export const naturalKey = (text: string): string => text.replace(/\d+/g, (digits) => digits.padStart(6, "0"));

const plain = (text: string): string => text.normalize("NFKC").toLowerCase();

/** What a record is found by; everything else by where it is too. */
const textOf = ({ name, address }: Pick<RegistryRow, "name" | "address">): string => (name === address ? address : `${address} ${name}`);

interface Indexed {
  key: string;
  text: string;
}

/** A row that the server sent stays the same object: what it is found by is made once. */
const indexed = new WeakMap<RegistryRow, Indexed>();

function indexOf(row: RegistryRow): Indexed {
  const known = indexed.get(row);
  if (known !== undefined) return known;
  const text = plain(textOf(row));
  const made = { key: naturalKey(text), text };
  indexed.set(row, made);
  return made;
}

/** All of the present, in the order of their addresses. */
export function ordered(records: Iterable<RecordItem>): RecordItem[] {
  const keyed: [string, RecordItem][] = [...records].filter(({ row }) => !row.left).map((item) => [indexOf(item.row).key, item]);
  // Compared by code units: a collator takes a second for what a phone holds.
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item);
}

/** Those in which every word stands, anywhere. */
export function found(items: readonly RecordItem[], q: string): readonly RecordItem[] {
  const words = plain(q).split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return items;
  return items.filter(({ row }) => {
    const { text } = indexOf(row);
    return words.every((word) => text.includes(word));
  });
}

/** How many live in each dwelling, as far as its households say. */
export function personsIn(records: Records): Map<string, number> {
  const persons = new Map<string, number>();
  for (const { row } of records.values()) {
    if (row.kind !== "household" || row.left) continue;
    const { dwelling_id = "", n_persons = "" } = row.fields;
    const n = Number.parseInt(n_persons, 10);
    if (n > 0) persons.set(dwelling_id, (persons.get(dwelling_id) ?? 0) + n);
  }
  return persons;
}

/** The households of a dwelling, the one that was there first at the top: our ids begin with when they were made. */
export const householdsOf = (records: Records, dwelling: string): RecordItem[] =>
  [...records.values()].filter(({ row }) => row.kind === "household" && !row.left && row.fields.dwelling_id === dwelling).sort((a, b) => (a.row.id < b.row.id ? -1 : 1));

/** The field whose words tell records of a kind from each other in a list. */
export const MAIN_FIELD: Readonly<Record<ListedKind, string>> = { dwelling: "occupancy", premises: "premises_kind", firm: "firm_kind", facility: "facility_kind" };

/** A record lies in a grid; whoever has only a part of one enters it there. */
export function gridsOf(areas: readonly AreaRef[]): AreaRef[] {
  const byCode = [...new Map(areas.map((area) => [area.code, area])).values()].sort((a, b) => a.code.localeCompare(b.code));
  const grids = byCode.filter(({ level }) => level === "grid");
  return grids.length > 0 ? grids : byCode.filter(({ level }) => level === "micro_grid");
}

/** A form is long from here on, and what is not needed is folded. */
const LONG = 4;

/**
 * The fields of a form: those at hand, and those that are folded. Whoever enters a record says which it is: what no record is without, and
 * what is asked for the same reason. Whoever changes one has that behind them.
 */
export function foldedOf(fields: readonly FieldSpec[], isNew: boolean): { first: readonly FieldSpec[]; more: readonly FieldSpec[] } {
  const reasons = new Set(fields.filter(({ is_required }) => is_required).map(({ purpose }) => purpose));
  const naming = fields.filter(({ purpose }) => reasons.has(purpose));
  const others = fields.filter((field) => !naming.includes(field));
  if (fields.length <= LONG || naming.length === 0 || others.length === 0) return { first: fields, more: [] };
  return isNew ? { first: naming, more: others } : { first: others, more: naming };
}
