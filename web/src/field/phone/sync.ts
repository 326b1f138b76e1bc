/** One round with the server: what was done goes out in its order, what changed comes in. Ends at the first thing that is in its way. */
import { ProblemError } from "@shared/api/problem";
import { position, take } from "./copy";
import type { StoredPhoto } from "./database";
import type { Opened } from "./keys";
import * as outbox from "./outbox";
import * as server from "./server";
import type { Command, Entry, Outcome, Page } from "./types";

/** Most commands that the server takes at once. */
export const MOST_AT_ONCE = 50;
/** So often a photo may fail at a server that answers; then its record stays without it, and the owner is told. */
const MOST_PHOTO_FAILURES = 5;

/** What the round tells while it goes on. */
export interface Heard {
  /** Commands were answered. */
  settled: () => Promise<void>;
  /** A page was taken in. */
  page: (page: Page) => void;
}

/** The next commands to send, in their order. What was answered for good is not sent again. */
export function toSend(entries: readonly Entry[]): Command[] {
  return entries
    .filter(({ state }) => state === "waiting" || state === "held")
    .map(({ command }) => command)
    .sort((a, b) => a.device_seq - b.device_seq);
}

/** Whether an answer got further: anything but the same commands held again. */
export const isProgress = (outcomes: readonly Outcome[]): boolean => outcomes.some(({ status }) => status !== "held");

/** @throws ProblemError */
async function pushAll(phone: Opened, heard: Heard): Promise<void> {
  for (;;) {
    const commands = toSend(await outbox.entries(phone)).slice(0, MOST_AT_ONCE);
    if (commands.length === 0) return;
    const { results } = await server.push(commands);
    for (const { device_seq, op_id, outcome } of results) await outbox.settle(phone, device_seq, op_id, outcome);
    await heard.settled();
    if (!isProgress(results.map(({ outcome }) => outcome))) return;
  }
}

/** @throws ProblemError, PhoneFull */
async function pullAll(phone: Opened, heard: Heard): Promise<void> {
  let { cursor } = await position(phone);
  for (;;) {
    const page = await server.pull(phone.device, cursor);
    await take(phone, page);
    heard.page(page);
    cursor = page.next_cursor;
    if (!page.has_more) return;
  }
}

/** Too large, or no picture: it will never be one. */
const NEVER = [413, 415];
/** The server of another version, or the network, or the session: it says nothing of the photo. */
const NOT_ITS_FAULT = [0, 401, 404, 405];

/** @throws ProblemError when it is to be tried again */
async function sendPhoto(phone: Opened, photo: StoredPhoto): Promise<void> {
  const bytes = await outbox.openPhoto(phone, photo).catch(() => null);
  // What cannot be opened is in nobody's way.
  if (bytes === null) return outbox.giveUpPhoto(phone, photo);
  if (photo.sent_at === 0) await outbox.notePhoto(phone, photo.id, { sent_at: Date.now() });
  try {
    const nPlaced = await server.sendPhotoBytes(bytes, photo.sha, photo.sent_at > 0);
    // A record that was done by an older server keeps no place for it.
    await (nPlaced === 0 ? outbox.giveUpPhoto(phone, photo) : outbox.dropPhoto(phone, photo.id));
  } catch (cause) {
    if (!(cause instanceof ProblemError) || NOT_ITS_FAULT.includes(cause.status)) throw cause;
    const failures = photo.failures + 1;
    if (NEVER.includes(cause.status) || failures >= MOST_PHOTO_FAILURES) return outbox.giveUpPhoto(phone, photo);
    await outbox.notePhoto(phone, photo.id, { failures });
    throw cause;
  }
}

/**
 * Photos follow the records that name them: the largest of them holds no word up. Whether all are sent: what was noted meanwhile goes first.
 *
 * @throws ProblemError
 */
export async function sendPhotos(phone: Opened, heard: Pick<Heard, "settled">): Promise<boolean> {
  let fault: unknown = null;
  for (const id of await outbox.photosToSend(phone)) {
    if ((await outbox.nWaiting(phone)) > 0) return false;
    const photo = await outbox.photo(phone, id);
    if (photo === undefined) continue;
    try {
      await sendPhoto(phone, photo);
      await heard.settled();
    } catch (cause) {
      if (!(cause instanceof ProblemError) || cause.status === 0 || cause.status === 401) throw cause;
      fault = cause;
    }
  }
  if (fault !== null) throw fault;
  return true;
}

/**
 * Sends, and asks. Photos come after it ([`sendPhotos`]).
 *
 * @throws ProblemError, PhoneFull
 */
export async function round(phone: Opened, heard: Heard): Promise<void> {
  await pushAll(phone, heard);
  await pullAll(phone, heard);
}
