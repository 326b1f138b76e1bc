/** 底数 on the phone: the server's records with what was entered, changed and confirmed here laid over them. Pure. */
import type { Edits, FieldSpec, RegistryKind, RegistryRow } from "@shared/registry/fields";
import type { Entry, Rows } from "./types";

/** A record, with what was done to it or to what lies in it and is on its way. */
export interface RecordItem {
  row: RegistryRow;
  pending: Entry[];
}

/** By id. */
export type Records = Map<string, RecordItem>;

/** Kinds whose records are rows on a phone: residents are not, everything that tells them apart is sealed. */
const ON_PHONE: readonly string[] = ["dwelling", "household", "premises", "firm", "facility"];

/** In what a record lies. */
const HOLDER: Partial<Record<RegistryKind, string>> = { household: "dwelling_id", resident: "household_id" };

/** The version that every record has at first; what is changed before its owner saw a row of it is changed on that. */
const FIRST_VERSION = 1;

interface Entering {
  kind: RegistryKind;
  area_code: string;
  fields: Record<string, string>;
}

interface Changing {
  kind: RegistryKind;
  fields: Edits;
}

export const recordsOf = (rows: Rows): Records => new Map(rows.all("record").map((row) => [row.id, { row, pending: [] }]));

/** A dwelling is called by its address, as the server writes it. */
export const labelOf = (kind: RegistryKind, fields: Readonly<Record<string, string>>): string =>
  kind === "dwelling" ? ["compound", "building", "unit", "room"].map((key) => fields[key] ?? "").join("") : (fields.name ?? "");

/** What a record is called and where it is. */
function names(records: Records, kind: RegistryKind, fields: Readonly<Record<string, string>>): Pick<RegistryRow, "name" | "address"> {
  const label = labelOf(kind, fields);
  if (kind === "dwelling") return { name: label, address: label };
  if (kind === "household") return { name: "", address: records.get(fields.dwelling_id ?? "")?.row.address ?? "" };
  return { name: label, address: fields.address ?? "" };
}

/** Marks a record and everything that it lies in. */
function mark(records: Records, id: string | undefined, entry: Entry): void {
  const item = records.get(id ?? "");
  if (item === undefined) return;
  item.pending.push(entry);
  mark(records, item.row.fields[HOLDER[item.row.kind] ?? ""], entry);
}

/** Whether the fields of these keys are sealed. */
function sealedIn(rows: Rows, kind: RegistryKind): (key: string) => boolean {
  const keys = new Set(rows.get("playbook", "current")?.registry?.[kind]?.flatMap(({ key, is_sealed }) => (is_sealed ? [key] : [])));
  return (key) => keys.has(key);
}

/** Takes edits in; what is sealed is not shown on the phone that it was typed on either. */
function edited(row: RegistryRow, edits: Edits, isSealed: (key: string) => boolean): Pick<RegistryRow, "fields" | "sealed"> {
  const fields = { ...row.fields };
  const sealed = new Set(row.sealed);
  for (const [key, value] of Object.entries(edits)) {
    if (isSealed(key)) {
      if (value === null) sealed.delete(key);
      else sealed.add(key);
    } else if (value === null) delete fields[key];
    else fields[key] = value;
  }
  return { fields, sealed: [...sealed] };
}

export function layEntered(records: Records, entry: Entry, rows: Rows): void {
  const { command, told } = entry;
  const { kind, area_code, fields } = command.payload as unknown as Entering;
  // A resident is no row: their household shows that somebody was entered.
  if (!ON_PHONE.includes(kind)) return mark(records, fields[HOLDER[kind] ?? ""], entry);
  const id = command.entity_id ?? command.op_id;
  if (!records.has(id)) {
    const area = rows.all("area").find(({ area }) => area.code === area_code)?.area ?? { code: area_code, name: told.place, level: "grid", full_name: told.place };
    const bare: RegistryRow = { id, kind, area, name: "", address: "", fields: {}, sealed: [], is_complete: false, confirmed_at: command.captured_at, left: null, left_at: null, version: FIRST_VERSION };
    const row = { ...bare, ...edited(bare, fields, sealedIn(rows, kind)) };
    records.set(id, { row: { ...row, ...names(records, kind, row.fields) }, pending: [] });
  }
  mark(records, id, entry);
}

/** Its version stays: what is changed next is changed on what its owner saw of the server. */
export function layChanged(records: Records, entry: Entry, rows: Rows): void {
  const { command } = entry;
  const item = records.get(command.entity_id ?? "");
  if (item === undefined) return;
  const { kind, fields } = command.payload as unknown as Changing;
  const row = { ...item.row, ...edited(item.row, fields, sealedIn(rows, kind)), confirmed_at: command.captured_at };
  // A household is called by its head, whom the phone does not know.
  records.set(row.id, { row: kind === "household" ? row : { ...row, ...names(records, kind, row.fields) }, pending: item.pending });
  mark(records, row.id, entry);
}

export function layConfirmed(records: Records, entry: Entry): void {
  const { command } = entry;
  const item = records.get(command.entity_id ?? "");
  if (item === undefined) return;
  records.set(item.row.id, { ...item, row: { ...item.row, confirmed_at: command.captured_at } });
  mark(records, item.row.id, entry);
}

/** Whether the row of a record that a command made or changed is here; `null` for what is no record. */
export function hasRecordCome(entry: Entry, rows: Rows, { kind, id, version }: { kind: string; id: string; version?: number | null }): boolean | null {
  if (kind === "resident") return true;
  if (!ON_PHONE.includes(kind)) return null;
  const row = rows.get("record", id);
  // A record that went out of sight has no row to come; one that was entered will have one.
  if (row === undefined) return entry.command.type !== "registry.enter";
  return row.version >= (version ?? 0);
}

/** What the fields are called that met another value and wait for a person, in the order of the form. */
export function keptNames({ command, outcome }: Entry, specs: Partial<Record<RegistryKind, readonly FieldSpec[]>>): string[] {
  const kept = (outcome !== null && "kept" in outcome ? outcome.kept : undefined) ?? [];
  const { kind } = command.payload as unknown as Changing;
  return (specs[kind] ?? []).flatMap(({ key, name }) => (kept.includes(key) ? [name] : []));
}
