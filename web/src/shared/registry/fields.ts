/** The fields of a record as a form has them: what is shown, what was changed, how a value reads. Pure. */
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type RegistryKind = Schemas["RegistryKind"];
export type RegistryRow = Schemas["RegistryRow"];
export type FieldSpec = Schemas["RegistryField"];
/** What stands in fields, by key. */
export type Values = Readonly<Record<string, string>>;
/** What was changed; `null` empties a field. */
export type Edits = Record<string, string | null>;

/** What a record refers to is given by the page that it is entered on. */
export const shownFields = (fields: readonly FieldSpec[]): FieldSpec[] => fields.filter(({ shape }) => shape !== "ref");

/** Whether something stands in it that cannot be shown: an empty box would look like nothing. */
export const isHidden = (field: FieldSpec, row: RegistryRow | null, known: Values): boolean =>
  field.is_sealed && row !== null && row.sealed.includes(field.key) && known[field.key] === undefined;

/** What was typed beside what stood there; only what differs. */
export function editsOf(fields: readonly FieldSpec[], known: Values, typed: Values): Edits {
  const edits: Edits = {};
  for (const { key } of shownFields(fields)) {
    const now = (typed[key] ?? "").trim();
    if (now !== (known[key] ?? "")) edits[key] = now === "" ? null : now;
  }
  return edits;
}

/** What a new record refers to. */
export const refsOf = (fields: readonly FieldSpec[], known: Values): Record<string, string> =>
  Object.fromEntries(fields.flatMap(({ key, shape }) => (shape === "ref" && known[key] !== undefined ? [[key, known[key]]] : [])));

/** A value as people read it. */
export const said = ({ words }: FieldSpec, value: string | null | undefined): string => words.find(({ word }) => word === value)?.name ?? value ?? "";
