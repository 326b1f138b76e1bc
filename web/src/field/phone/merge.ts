/**
 * What the pages show: the copy of the server's rows with what was done on this phone laid over it. The overlay guesses no step of a
 * flow; it says what its owner did and that it is not at the server yet.
 */
import type { CaseRow, DueState } from "@shared/api/types";
import { counts, isCall, isOpenDuty } from "./counts";
import { hasRecordCome, layChanged, layConfirmed, layEntered, recordsOf, type Records } from "./records";
import type { CareBody, CareVisit, CaseBody, Duty, Entry, RecordVisit, Rows, StoredOffer, Visit } from "./types";

/** A case as the phone knows it. */
export interface CaseItem {
  row: CaseRow;
  /** `null` for what was noted on this phone and has no row yet. */
  body: CaseBody | null;
  /** Acts on it that are on their way, in their order. */
  pending: Entry[];
}

/** A record of a visit: the server's, or one on its way. */
export interface VisitItem {
  id: string;
  kind: Visit["kind"];
  place: string;
  note: string | null;
  finding: boolean;
  /** Nobody was there to be met. */
  unmet: boolean;
  at: string;
  case_id: string | null;
  pending: Entry | null;
}

/** Something that is due, with what was done for it and is on its way. */
export interface DutyItem {
  duty: Duty;
  pending: Entry[];
}

/** A visit or a call to somebody in care. */
export interface CareItem {
  id: string;
  body: CareBody;
  /** When they were called, where that is on its way and somebody is to go there all the same. */
  called_at: string | null;
  pending: Entry[];
}

export interface View {
  cases: Map<string, CaseItem>;
  /** By the key that stays the same while the period lasts. */
  duties: Map<string, DutyItem>;
  care: Map<string, CareItem>;
  /** The latest first. */
  visits: VisitItem[];
  /** 底数 */
  records: Records;
}

export const verbOf = (entry: Entry): string => (typeof entry.command.payload.action === "string" ? entry.command.payload.action : "");

/** Acts that only add words: they change nothing that is offered. */
const NOTES = new Set(["comment", "urge"]);

/**
 * What is offered on a case with what is on its way laid over it. After an act that the server said more about it is that; after any
 * other only a note, which never does harm: what else may follow is the server's to say.
 */
export function offersOf({ body, pending }: CaseItem): StoredOffer[] {
  let offers = body?.actions ?? [];
  for (const verb of pending.map(verbOf).filter((one) => !NOTES.has(one))) {
    const then = offers.find((offer) => offer.verb === verb)?.then ?? [];
    offers = then.length > 0 ? then : offers.filter((offer) => NOTES.has(offer.verb));
  }
  return offers;
}

/** Whether its owner did more with a case than write to it, and the server does not know yet. */
export const isUnderWay = ({ pending }: CaseItem): boolean => pending.some((entry) => !NOTES.has(verbOf(entry)));

/** How urgent a row is by now: what the server said may be hours old. */
export function dueStateNow(row: Pick<CaseRow, "due_at" | "due_state">, nowMs: number): DueState {
  if (row.due_at === null || row.due_at === undefined || row.due_state === "none") return row.due_state;
  return Date.parse(row.due_at) <= nowMs ? "late" : row.due_state;
}

/** The row of a case that has none yet. What only the server gives it is empty. */
function noted(entry: Entry, text: string, areaCode: string): CaseRow {
  const { command, told } = entry;
  return {
    id: command.entity_id ?? command.op_id,
    code: "",
    paper_no: "",
    text,
    weight: "general",
    weight_name: "",
    stage: "",
    stage_name: "",
    phase: "open",
    area: { code: areaCode, name: told.place, level: "grid", full_name: told.place },
    seat_name: "",
    reported_at: command.captured_at,
    due_at: null,
    due_state: "none",
    reopened: 0,
    has_photos: command.attachments.length > 0,
    channel: "visit",
    version: 0,
  };
}

const textIn = (payload: Record<string, unknown>, name: string): string => {
  const value = payload[name];
  return typeof value === "string" ? value : "";
};

/** What a type of command does to the view before the server has answered. A new type adds a line. */
const OVERLAYS: Record<string, (view: View, entry: Entry, rows: Rows) => void> = {
  "case.act": (view, entry) => {
    view.cases.get(entry.command.entity_id ?? "")?.pending.push(entry);
  },
  "case.report": (view, entry) => {
    const row = noted(entry, textIn(entry.command.payload, "text"), textIn(entry.command.payload, "area_code"));
    view.cases.set(row.id, { row, body: null, pending: [] });
  },
  "visit.record": (view, entry) => void view.visits.push(visitOf(entry)),
  "care.visit": (view, entry) => {
    layCare(view.care, entry);
    if (!isCall(entry.command)) view.visits.push({ ...visitOf(entry), kind: "visit" });
  },
  "visit.finding": (view, entry) => {
    view.visits.push(visitOf(entry));
    const { finding, area_code } = entry.command.payload as unknown as RecordVisit;
    const row = noted(entry, finding?.text ?? "", area_code ?? "");
    view.cases.set(row.id, { row, body: null, pending: [] });
  },
  "registry.enter": (view, entry, rows) => layEntered(view.records, entry, rows),
  "registry.change": (view, entry, rows) => layChanged(view.records, entry, rows),
  "registry.confirm": (view, entry) => layConfirmed(view.records, entry),
};

/** Whoever is to be visited is so after a call too: only what was given on the phone is due no more. */
function layCare(care: View["care"], entry: Entry): void {
  const item = care.get(entry.command.entity_id ?? "");
  if (item === undefined) return;
  if (!isCall(entry.command) || !item.body.is_visit) {
    item.pending.push(entry);
    return;
  }
  const { services: given = [] } = entry.command.payload as unknown as CareVisit;
  const services = item.body.services.filter(({ code }) => !given.includes(code));
  care.set(item.id, { ...item, body: { ...item.body, services }, called_at: entry.command.captured_at });
}

function visitOf(entry: Entry): VisitItem {
  const { command, told } = entry;
  const payload = command.payload as unknown as RecordVisit;
  return {
    id: command.op_id,
    kind: payload.kind,
    place: told.place,
    note: payload.note ?? payload.finding?.text ?? null,
    finding: command.type === "visit.finding",
    unmet: payload.met === false,
    at: command.captured_at,
    case_id: null,
    pending: entry,
  };
}

/** What was found is said by the case that it became, as long as that is on the phone. */
function rowOf(visit: Visit, rows: Rows): VisitItem {
  const { id, kind, place_text, area, note, result, captured_at, case_id } = visit;
  // The whole name of an area that one works in says nothing new.
  const place = place_text === "" || place_text === area.full_name ? area.name : place_text;
  const found = case_id ? rows.get("case", case_id)?.full_text : undefined;
  return { id, kind, place, note: note ?? found ?? null, finding: result === "finding", unmet: visit.met === false, at: captured_at, case_id: case_id ?? null, pending: null };
}

/** Whether what is due does not know yet of a record that does for it. */
const isAwaited = (duty: Duty, { command }: Entry): boolean =>
  isOpenDuty(duty) && counts(duty, command) && Date.parse(duty.last_at ?? "") !== Date.parse(command.captured_at);

/** Whether the row of what a command made or changed is here. */
export function hasCome(entry: Entry, rows: Rows): boolean {
  const { outcome } = entry;
  if (outcome === null || !("entity" in outcome) || outcome.entity === null || outcome.entity === undefined) return true;
  const { kind, id, version } = outcome.entity;
  if (kind === "visit") return rows.get("visit", id) !== undefined;
  if (kind === "care_visit") return (rows.get("care_visit", id)?.version ?? Infinity) >= (version ?? 0);
  // Neither is a row of its own: what shows that it came is what it was done for.
  if (kind === "inspection" || kind === "gathering") return !rows.all("duty").some((duty) => isAwaited(duty, entry));
  const record = hasRecordCome(entry, rows, outcome.entity);
  if (record !== null) return record;
  const row = rows.get("case", id)?.row;
  // A case that went out of sight with the act has no row to come: there is nothing to lay over.
  if (row === undefined) return entry.command.type === "case.act";
  return row.version >= (version ?? 0);
}

/** Photos of a command that was done which the server would not take. */
export const lostPhotos = ({ state, n_lost }: Entry): number => (state === "done" ? (n_lost ?? 0) : 0);

/** Photos of a command that was done which follow it. */
export const comingPhotos = ({ state, n_photos }: Entry): number => (state === "done" ? (n_photos ?? 0) : 0);

/** Done but for a field that met another value: it waits for the community to decide. */
export const isContested = ({ state, outcome }: Entry): boolean => state === "done" && outcome?.status === "conflict";

/** Done, and it stays until its owner has read what did not go as they wanted. */
export const isUnread = (entry: Entry): boolean => isContested(entry) || lostPhotos(entry) > 0;

/** Lays what was done over the copy. Refused commands change nothing: they are shown where their owner reads them. */
export function merged(rows: Rows, entries: readonly Entry[]): View {
  const view: View = {
    cases: new Map(rows.all("case").map((body) => [body.row.id, { row: body.row, body, pending: [] }])),
    duties: new Map(rows.all("duty").filter(isOpenDuty).map((duty) => [duty.key, { duty, pending: [] }])),
    care: new Map(rows.named("care_visit").map(([id, body]) => [id, { id, body: { is_visit: true, services: [], ...body }, called_at: null, pending: [] }])),
    visits: rows.all("visit").map((visit) => rowOf(visit, rows)),
    records: recordsOf(rows),
  };
  for (const entry of entries) {
    if (entry.state === "rejected" || (entry.state === "done" && (hasCome(entry, rows) || isUnread(entry)))) continue;
    OVERLAYS[entry.command.type]?.(view, entry, rows);
    // One record does for everything that it fits, as at the server.
    for (const { duty, pending } of view.duties.values()) if (counts(duty, entry.command)) pending.push(entry);
  }
  view.visits.sort((a, b) => b.at.localeCompare(a.at));
  return view;
}
