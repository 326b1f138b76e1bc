/** What was done on this phone and the server has not answered for good. Nothing leaves here but by its own number, after its own answer. */
import { digestOf, open, openBytes, seal, sealBytes } from "./crypto";
import { on, PhoneFull, type StoredCommand, type StoredPhoto } from "./database";
import { isFresh } from "./fresh";
import type { Opened } from "./keys";
import type { Command, Entry, EntryState, Outcome, Told } from "./types";
import { uuid7 } from "./uuid7";

/** What somebody does: a command but for what the outbox gives it. */
export interface Wish {
  type: string;
  entity_id: string | null;
  base_version: number | null;
  payload: Record<string, unknown>;
  /** SHA-256 of photos that were kept before. */
  attachments: string[];
  told: Told;
}

/** What is sealed of an entry. Its number is given when it is written: sealing takes time, and a number may not be left out. */
interface Inside {
  command: Omit<Command, "device_seq">;
  told: Told;
  outcome: Outcome | null;
  ended_at: number | null;
}

const about = (opId: string): string => `command/${opId}`;
const photoAbout = (id: string): string => `photo/${id}`;

/** Writes to the outbox; when there is no room the copy of the server's rows makes way, for it can be had again. */
async function makingRoom<T>(phone: Opened, work: () => Promise<T>): Promise<T> {
  try {
    return await on(phone.outbox, work);
  } catch (cause) {
    if (!(cause instanceof PhoneFull)) throw cause;
    await on(phone.copy, async (copy) => {
      await copy.rows.clear();
      await copy.meta.clear();
    });
    return on(phone.outbox, work);
  }
}

/**
 * Keeps a command. When this returns it is on the disk.
 *
 * @throws PhoneFull
 */
export async function keep(phone: Opened, wish: Wish, now = Date.now()): Promise<Entry> {
  const { told, ...what } = wish;
  const command = { op_id: uuid7(now), device_id: phone.device, captured_at: new Date(now).toISOString(), ...what };
  const inside: Inside = { command, told, outcome: null, ended_at: null };
  const sealed = await seal(phone.key, about(command.op_id), inside);
  const { outbox } = phone;
  const [seq, n_photos] = await makingRoom(phone, () =>
    outbox.transaction("rw", outbox.commands, outbox.photos, outbox.meta, async () => {
      const next = ((await outbox.read("last_seq")) ?? 0) + 1;
      await outbox.write("last_seq", next);
      await outbox.commands.add({ seq: next, op_id: command.op_id, type: command.type, state: "waiting", sealed });
      let n = 0;
      for (const sha of new Set(command.attachments)) {
        const photo = await outbox.photos.where({ sha }).filter((kept) => kept.seq === 0).first();
        if (photo !== undefined) n += await outbox.photos.update(photo.id, { seq: next });
      }
      return [next, n] as const;
    }),
  );
  return { command: { ...command, device_seq: seq }, told, state: "waiting", outcome: null, ended_at: null, n_photos, n_lost: 0 };
}

async function entryOf(phone: Opened, stored: StoredCommand, nPhotos: (seq: number) => number): Promise<Entry> {
  const { command, ...rest } = await open<Inside>(phone.key, about(stored.op_id), stored.sealed);
  const { seq, state } = stored;
  return { command: { ...command, device_seq: seq }, state, ...rest, n_photos: nPhotos(seq), n_lost: nPhotos(-seq) };
}

/** Everything in the outbox, in its order. */
export async function entries(phone: Opened): Promise<Entry[]> {
  const [stored, seqs] = await on(phone.outbox, (db) => Promise.all([db.commands.orderBy("seq").toArray(), db.photos.orderBy("seq").keys()]));
  const counts = new Map<number, number>();
  for (const seq of seqs as number[]) counts.set(seq, (counts.get(seq) ?? 0) + 1);
  return Promise.all(stored.map((one) => entryOf(phone, one, (seq) => counts.get(seq) ?? 0)));
}

/** The state that an outcome puts a command into. */
export function stateAfter(outcome: Outcome): EntryState {
  switch (outcome.status) {
    case "held":
      return "held";
    case "rejected":
      return "rejected";
    case "applied":
    case "merged":
    case "parallel":
    case "conflict":
      return "done";
  }
}

/** Notes what became of a command. A final outcome is never replaced. */
export async function settle(phone: Opened, seq: number, opId: string, outcome: Outcome, now = Date.now()): Promise<void> {
  const { outbox } = phone;
  const stored = await on(outbox, (db) => db.commands.get(seq));
  if (stored === undefined || stored.op_id !== opId || stored.state === "done" || stored.state === "rejected") return;
  const inside = await open<Inside>(phone.key, about(opId), stored.sealed);
  const state = stateAfter(outcome);
  const isFinal = state === "done" || state === "rejected";
  const sealed = await seal(phone.key, about(opId), { ...inside, outcome, ended_at: isFinal ? now : null } satisfies Inside);
  const missing = "missing_attachments" in outcome ? (outcome.missing_attachments ?? []) : [];
  await on(outbox, (db) =>
    db.transaction("rw", db.commands, db.photos, async () => {
      await db.commands.update(seq, { state, sealed });
      // What went with it is the server's now. A refusal went nowhere: its photos wait for another attempt with their owner.
      if (state === "done") await db.photos.where({ seq }).filter((photo) => !missing.includes(photo.sha)).delete();
    }),
  );
}

/** Takes entries out: their rows came back, or their owner has read the refusal. */
export async function remove(phone: Opened, seqs: readonly number[]): Promise<void> {
  if (seqs.length === 0) return;
  await on(phone.outbox, (db) =>
    db.transaction("rw", db.commands, db.photos, async () => {
      await db.commands.bulkDelete([...seqs]);
      await db.photos.where("seq").anyOf(seqs.flatMap((seq) => [seq, -seq])).delete();
    }),
  );
}

// ── photos ───────────────────────────────────────────────────────────────────────────────────────────

/** What may lie on the phone in photos that were not sent: some six hundred. */
export const MOST_PHOTO_BYTES = 200 * 1_024 * 1_024;

/**
 * Keeps a photo that was shrunk; gives the digest by which a command names it.
 *
 * @throws PhoneFull
 */
export async function keepPhoto(phone: Opened, photo: Blob, now = Date.now()): Promise<string> {
  const bytes = await photo.arrayBuffer();
  const sha = await digestOf(bytes);
  if ((await photoBytes(phone)) + bytes.byteLength > MOST_PHOTO_BYTES) throw new PhoneFull();
  const id = uuid7(now);
  const sealed = await sealBytes(phone.key, photoAbout(id), bytes);
  await makingRoom(phone, () =>
    phone.outbox.photos.add({ id, sha, seq: 0, size_bytes: bytes.byteLength, added_at: now, sent_at: 0, failures: 0, sealed }),
  );
  return sha;
}

export async function photoBytes(phone: Opened): Promise<number> {
  let sum = 0;
  await on(phone.outbox, (db) => db.photos.each((photo) => (sum += photo.size_bytes)));
  return sum;
}

export const photosOf = (phone: Opened, seq: number): Promise<StoredPhoto[]> => on(phone.outbox, (db) => db.photos.where({ seq }).sortBy("id"));

export const openPhoto = (phone: Opened, photo: StoredPhoto): Promise<ArrayBuffer> => openBytes(phone.key, photoAbout(photo.id), photo.sealed);

/** The ids of photos whose records the server has done: they follow, in the order of their records. */
export async function photosToSend(phone: Opened): Promise<string[]> {
  return on(phone.outbox, async (db) => {
    const done = await db.commands.where({ state: "done" }).primaryKeys();
    return db.photos.where("seq").anyOf(done).primaryKeys();
  });
}

/** Commands that were not sent yet. */
export const nWaiting = (phone: Opened): Promise<number> => on(phone.outbox, (db) => db.commands.where({ state: "waiting" }).count());

export const photo = (phone: Opened, id: string): Promise<StoredPhoto | undefined> => on(phone.outbox, (db) => db.photos.get(id));

/** It is at the server. */
export const dropPhoto = (phone: Opened, id: string): Promise<void> => on(phone.outbox, (db) => db.photos.delete(id));

/** The server will not take it: it stays until its owner has read that. */
export async function giveUpPhoto(phone: Opened, { id, seq }: StoredPhoto): Promise<void> {
  await on(phone.outbox, (db) => db.photos.update(id, { seq: -Math.abs(seq) }));
}

export async function notePhoto(phone: Opened, id: string, change: Partial<Pick<StoredPhoto, "sent_at" | "failures">>): Promise<void> {
  await on(phone.outbox, (db) => db.photos.update(id, change));
}

/** Photos of a command that was refused go with its next attempt. */
export async function movePhotos(phone: Opened, from: number): Promise<void> {
  await on(phone.outbox, (db) => db.photos.where({ seq: from }).modify({ seq: 0, sent_at: 0 }));
}

/** A photo that belongs to no command is kept as long as the form that it was taken for. */
export async function dropLoosePhotos(phone: Opened, now = Date.now()): Promise<void> {
  await on(phone.outbox, (db) => db.photos.where({ seq: 0 }).filter((photo) => !isFresh(photo.added_at, now)).delete());
}
