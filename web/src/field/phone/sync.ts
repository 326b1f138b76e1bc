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
/** So often a photo may fail at a server that answers; then its record goes without it, and the owner is told. */
const MOST_PHOTO_FAILURES = 5;
/** The server keeps a photo without a record for a day; one that was sent long ago is sent again. */
const PHOTO_KEPT_MS = 20 * 3_600_000;

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
async function sendPhoto(phone: Opened, photo: StoredPhoto): Promise<void> {
  try {
    // A key of its own for each attempt of another day: the same picture in two records is sent for each.
    await server.sendPhotoBytes(await outbox.openPhoto(phone, photo), `${photo.id}-${photo.sent_at}`);
    await outbox.notePhoto(phone, photo.id, { sent_at: Date.now() });
  } catch (cause) {
    if (!(cause instanceof ProblemError) || cause.status === 0 || cause.status === 401) throw cause;
    const failures = mayRetry(cause) ? photo.failures + 1 : MOST_PHOTO_FAILURES;
    await outbox.notePhoto(phone, photo.id, { failures });
    if (failures < MOST_PHOTO_FAILURES) throw cause;
  }
}

/** @throws ProblemError */
async function sendPhotosOf(phone: Opened, command: Command): Promise<void> {
  if (command.attachments.length === 0) return;
  for (const photo of await outbox.photosOf(phone, command.device_seq)) {
    const isThere = photo.sent_at > 0 && Math.abs(Date.now() - photo.sent_at) < PHOTO_KEPT_MS;
    if (!isThere && photo.failures < MOST_PHOTO_FAILURES) await sendPhoto(phone, photo);
  }
}

/** The first commands whose photos are at the server; why it is not more. */
async function readyBatch(phone: Opened, commands: readonly Command[]): Promise<{ batch: Command[]; fault: unknown }> {
  const batch: Command[] = [];
  for (const command of commands.slice(0, MOST_AT_ONCE)) {
    try {
      await sendPhotosOf(phone, command);
    } catch (fault) {
      return { batch, fault };
    }
    batch.push(command);
  }
  return { batch, fault: null };
}

/** @throws ProblemError */
async function pushAll(phone: Opened, heard: Heard): Promise<void> {
  for (;;) {
    const commands = toSend(await outbox.entries(phone));
    if (commands.length === 0) return;
    const { batch, fault } = await readyBatch(phone, commands);
    if (batch.length > 0) {
      const { results } = await server.push(batch);
      for (const { device_seq, op_id, outcome } of results) await outbox.settle(phone, device_seq, op_id, outcome);
      await heard.settled();
      if (fault === null && !isProgress(results.map(({ outcome }) => outcome))) return;
    }
    if (fault !== null) throw fault;
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

/**
 * Sends, then asks.
 *
 * @throws ProblemError, PhoneFull
 */
export async function round(phone: Opened, heard: Heard): Promise<void> {
  await pushAll(phone, heard);
  await pullAll(phone, heard);
}
