/** One round with the server: what was done goes out in its order, what changed comes in. Ends at the first thing that is in its way. */
import { mayRetry, ProblemError } from "@shared/api/problem";
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

/** @throws ProblemError when the network or the session is the reason: those behind it would meet the same */
async function sendPhoto(phone: Opened, photo: StoredPhoto): Promise<void> {
  try {
    const bytes = await outbox.openPhoto(phone, photo);
    if (photo.sent_at === 0) await outbox.notePhoto(phone, photo.id, { sent_at: Date.now() });
    await server.sendPhotoBytes(bytes, photo.sha, photo.sent_at > 0);
    await outbox.dropPhoto(phone, photo.id);
  } catch (cause) {
    if (!(cause instanceof ProblemError) || cause.status === 0 || cause.status === 401) throw cause;
    const failures = photo.failures + 1;
    if (mayRetry(cause) && failures < MOST_PHOTO_FAILURES) {
      await outbox.notePhoto(phone, photo.id, { failures });
      throw cause;
    }
    await outbox.giveUpPhoto(phone, photo);
  }
}

/** Photos follow the records that name them: the largest of them holds no word up. */
async function sendPhotos(phone: Opened, heard: Heard): Promise<void> {
  let fault: unknown = null;
  for (const id of await outbox.photosToSend(phone)) {
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
}

/**
 * Sends, asks, and sends photos.
 *
 * @throws ProblemError, PhoneFull
 */
export async function round(phone: Opened, heard: Heard): Promise<void> {
  await pushAll(phone, heard);
  await pullAll(phone, heard);
  await sendPhotos(phone, heard);
}
