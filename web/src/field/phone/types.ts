/** What lies on the phone, as it is once opened. `docs/sync.md` is the protocol. */
import type { components } from "@shared/api/schema";
import type { ActionOffer, CaseRow, Category, Field, Point, Reply } from "@shared/api/types";
import type { FieldSpec, RegistryKind, RegistryRow } from "@shared/registry/fields";

type Schemas = components["schemas"];

export type Outcome = Schemas["SyncOutcome"];
export type Device = Schemas["Device"];
export type Visit = Schemas["Visit"];
export type VisitKind = Schemas["VisitKind"];
export type CaseKind = Schemas["CaseKind"];
export type CaseKindView = Schemas["CaseKindView"];
export type RecordVisit = Schemas["RecordVisit"];
export type Page = Schemas["SyncPage"];
/** Something that is due by a rule of the playbook. */
export type Duty = Schemas["DutyDue"];
export type Checklist = Schemas["Checklist"];
export type Colleague = Schemas["Colleague"];
export type RecordInspection = Schemas["RecordInspection"];
export type RecordGathering = Schemas["RecordGathering"];
export type GatheringKind = Schemas["GatheringKind"];
export type CareMet = Schemas["CareMet"];
export type CareVisit = Schemas["CareVisit"];

/** A command as it is sent. It is kept as it was made: sent again it must be the same to the letter. */
export interface Command {
  op_id: string;
  device_id: string;
  device_seq: number;
  type: string;
  entity_id: string | null;
  base_version: number | null;
  captured_at: string;
  payload: Record<string, unknown>;
  attachments: string[];
}

/** `waiting` and `held` are not done yet; `done` waits for its row to come back; `rejected` waits for its owner. */
export type EntryState = "waiting" | "held" | "done" | "rejected";

/** What a list says of a command while it is not a row of the server's: words, kept sealed with it. */
export interface Told {
  /** What it is about, in a line. */
  title: string;
  /** Where. */
  place: string;
  /** Everything that its owner typed, to give back when it is refused. */
  written: string[];
}

/** A command in the outbox with what became of it. */
export interface Entry {
  command: Command;
  told: Told;
  state: EntryState;
  outcome: Outcome | null;
  /** When its outcome came, by the phone's clock. Unit: ms. */
  ended_at: number | null;
  /** Photos of it that lie here and are still to be sent. */
  n_photos?: number;
  /** Photos that the server would not take. */
  n_lost?: number;
}

/** An action that a case offers; its form is a row of its own. One that asks nothing says what is offered after it. */
export type StoredOffer = Omit<ActionOffer, "form"> & { form?: string; then?: StoredOffer[] };

export interface CaseBody {
  row: CaseRow;
  full_text: string;
  place_text: string;
  category: string | null;
  question: string | null;
  reply: Reply | null;
  /** Whether the owner of the phone has it in hand. */
  mine: boolean;
  actions: StoredOffer[];
}

export interface PlaceBody {
  code: string;
  name: string;
  kind: string;
  point: Point | null;
}

export interface AreaBody {
  area: Schemas["AreaRef"];
  places: PlaceBody[];
  people: Schemas["Contact"][];
}

/** A visit or a call to somebody in care: who, where, which contact is wanted, by when. Why is not on a phone. */
export interface CareBody {
  area: Schemas["AreaRef"];
  name: string | null;
  address: string;
  wish: string | null;
  due_at: string;
  /** Whether somebody is to go there; else only a call is due. */
  is_visit: boolean;
  /** What the owner of the phone gives and is due; only for whoever may know. */
  services: readonly { code: string; name: string }[];
  last_met_at: string | null;
  tried_at: string | null;
  version: number;
  /** By the server's clock. After it nothing of this may be read. */
  lease_until: string;
}

/** As it may lie on a phone since before the server sent what is optional here. */
export type StoredCare = Omit<CareBody, "is_visit" | "services"> & Partial<Pick<CareBody, "is_visit" | "services">>;

export interface PlaybookBody {
  id: string;
  version: string;
  categories: Category[];
  /** What a matter can become; an older server does not say. */
  kinds?: CaseKindView[];
  units: { code: string; name: string }[];
  /** The fields of each kind of record; nothing for whoever may not see the registry. */
  registry?: Partial<Record<RegistryKind, FieldSpec[]>>;
}

/** The kinds of rows that this app reads; others are kept and left alone, so that an old app does not lose what a new server sends. */
export interface Bodies {
  case: CaseBody;
  form: Field[];
  visit: Visit;
  area: AreaBody;
  duty: Duty;
  checklist: Checklist;
  care_visit: StoredCare;
  playbook: PlaybookBody;
  /** A dwelling, a household, premises, a firm or a public facility. */
  record: RegistryRow;
}

export type RowKind = keyof Bodies;

export interface Row {
  kind: string;
  id: string;
  body: unknown;
}

/** Rows by kind, then id. */
export class Rows {
  readonly #kinds = new Map<string, Map<string, unknown>>();

  set(row: Row): void {
    const kind = this.#kinds.get(row.kind);
    if (kind === undefined) this.#kinds.set(row.kind, new Map([[row.id, row.body]]));
    else kind.set(row.id, row.body);
  }

  delete(kind: string, id: string): void {
    this.#kinds.get(kind)?.delete(id);
  }

  get<K extends RowKind>(kind: K, id: string): Bodies[K] | undefined {
    return this.#kinds.get(kind)?.get(id) as Bodies[K] | undefined;
  }

  all<K extends RowKind>(kind: K): Bodies[K][] {
    return [...(this.#kinds.get(kind)?.values() ?? [])] as Bodies[K][];
  }

  /** With their ids, for those that do not hold their own. */
  named<K extends RowKind>(kind: K): [string, Bodies[K]][] {
    return [...(this.#kinds.get(kind)?.entries() ?? [])] as [string, Bodies[K]][];
  }

  clone(): Rows {
    const copy = new Rows();
    for (const [kind, rows] of this.#kinds) copy.#kinds.set(kind, new Map(rows));
    return copy;
  }

  get size(): number {
    return [...this.#kinds.values()].reduce((sum, kind) => sum + kind.size, 0);
  }
}
