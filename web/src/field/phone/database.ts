/**
 * Two databases for each account on this phone. The outbox holds what exists nowhere else: commands, photos, the wrapped key. The copy
 * holds rows of the server's, which can be had again. Clear are ids, numbers and kinds; every other value is sealed.
 */
import Dexie, { type Table, type Transaction } from "dexie";
import type { Sealed, WrappedKey } from "./crypto";
import type { Lease } from "./lease";
import type { EntryState } from "./types";

export interface StoredCommand {
  /** Its number on this phone; the order in which it is sent. */
  seq: number;
  op_id: string;
  type: string;
  state: EntryState;
  sealed: Sealed;
}

export interface StoredPhoto {
  id: string;
  sha: string;
  /** The command that it belongs to, below zero once the server would not take it; 0 while that is being written. */
  seq: number;
  size_bytes: number;
  added_at: number;
  /** When its first part was sent, by the phone's clock; 0 before. */
  sent_at: number;
  /** How often sending it failed though the server was reached. */
  failures: number;
  sealed: Sealed;
}

/** How this phone is enrolled. */
export interface Enrolment {
  account: string;
  /** The sign-in name: tells apart whose PIN is asked for. */
  login: string;
  device: string;
  wrapped: WrappedKey;
}

/** What `meta` of the outbox holds, by key. */
export interface OutboxMeta {
  phone: Enrolment;
  /** Absent once it ended, or after too many wrong PINs. */
  lease: Lease;
  wrong_pins: number;
  /** The last number given to a command: numbers have no gaps and are never given twice. */
  last_seq: number;
  /** Who the owner is, as the server last said. */
  me: Sealed;
  /** A note that is being written. */
  note: Sealed;
  /** Inspections that were begun, by premises. */
  inspections: Sealed;
  /** Records of the registry that are being filled in, by form. */
  registry: Sealed;
  /** Visits that are being written down, by what the page was opened for. */
  visits: Sealed;
  /** Gatherings, by the duty. */
  gatherings: Sealed;
}

/** What is being written, one value each. */
export type DraftKey = "note" | "inspections" | "registry" | "visits" | "gatherings";

export interface Meta {
  key: string;
  value: unknown;
}

export interface StoredRow {
  kind: string;
  id: string;
  sealed: Sealed;
}

interface Version {
  number: number;
  tables: Record<string, string | null>;
  upgrade?: (tx: Transaction) => Promise<void>;
}

/** A new version adds a line; what is in an older phone's outbox is carried over. */
export const OUTBOX_VERSIONS: readonly Version[] = [
  { number: 1, tables: { commands: "seq, state", photos: "id, sha, seq", meta: "key" } },
];

/** The copy is not carried over: with another version it is emptied and fetched again. */
export const COPY_VERSION = 1;

const OUTBOX = "linli-outbox-";
const COPY = "linli-copy-";

export class OutboxDb extends Dexie {
  declare commands: Table<StoredCommand, number>;
  declare photos: Table<StoredPhoto, string>;
  declare meta: Table<Meta, string>;

  constructor(account: string, versions: readonly Version[] = OUTBOX_VERSIONS) {
    super(OUTBOX + account);
    for (const { number, tables, upgrade } of versions) {
      const version = this.version(number).stores(tables);
      if (upgrade !== undefined) version.upgrade(upgrade);
    }
  }

  async read<K extends keyof OutboxMeta>(key: K): Promise<OutboxMeta[K] | undefined> {
    return (await this.meta.get(key))?.value as OutboxMeta[K] | undefined;
  }

  async write<K extends keyof OutboxMeta>(key: K, value: OutboxMeta[K]): Promise<void> {
    await this.meta.put({ key, value });
  }
}

export class CopyDb extends Dexie {
  declare rows: Table<StoredRow, [string, string]>;
  declare meta: Table<Meta, string>;

  constructor(account: string) {
    super(COPY + account);
    this.version(COPY_VERSION)
      .stores({ rows: "[kind+id]", meta: "key" })
      .upgrade(async (tx) => {
        await tx.table("rows").clear();
        await tx.table("meta").clear();
      });
  }
}

/** The accounts that have an outbox on this phone. */
export async function accountsHere(): Promise<string[]> {
  try {
    const names = await Dexie.getDatabaseNames();
    return names.filter((name) => name.startsWith(OUTBOX)).map((name) => name.slice(OUTBOX.length));
  } catch {
    // A browser that keeps nothing (private window): the face works online.
    return [];
  }
}

/** The phone has no room for what is to be kept. Nothing that was kept before is lost. */
export class PhoneFull extends Error {
  constructor() {
    super("no room on the phone");
    this.name = "PhoneFull";
  }
}

function isA(cause: unknown, ...names: string[]): boolean {
  if (typeof cause !== "object" || cause === null) return false;
  const name = "name" in cause ? String(cause.name) : "";
  return names.includes(name) || ("inner" in cause && isA(cause.inner, ...names));
}

const ended = new WeakSet<Dexie>();

/** Closes a database for good: nothing that is still under way opens it again, least of all after it was taken off the phone. */
export function end(db: Dexie): void {
  ended.add(db);
  db.close();
}

const BROKEN = ["DatabaseClosedError", "InvalidStateError", "UnknownError", "OpenFailedError"];

/**
 * Runs work on a database. Phones end the database's process while a page sleeps ("connection lost"): it is opened again, once.
 *
 * @throws PhoneFull when there is no room
 */
export async function on<D extends Dexie, T>(db: D, work: (db: D) => Promise<T>): Promise<T> {
  try {
    return await work(db);
  } catch (cause) {
    if (isA(cause, "QuotaExceededError")) throw new PhoneFull();
    if (!isA(cause, ...BROKEN) || ended.has(db)) throw cause;
    db.close();
    await db.open();
    return work(db);
  }
}

/** Takes everything of an account off this phone. */
export async function wipe(account: string): Promise<void> {
  await Dexie.delete(COPY + account);
  await Dexie.delete(OUTBOX + account);
}
