/** The phone of this page: at most one is open. What pages read is here; what they do goes through `act`. */
import { computed, ref, shallowRef, type ComputedRef } from "vue";
import { ProblemError } from "@shared/api/problem";
import type { Me } from "@shared/api/types";
import { allRows, applied, colleagues as colleaguesHere, erase, keepColleagues, NOWHERE, position as readPosition, serverMs, type Position } from "./copy";
import { end, on, PhoneFull, type DraftKey } from "./database";
import { open, seal } from "./crypto";
import { isLent } from "./due";
import { endsAt } from "./lease";
import { rememberMe, renewLease, takeAway, type Opened } from "./keys";
import { comingPhotos, hasCome, isContested, isUnread, lostPhotos, merged, type View } from "./merge";
import * as outbox from "./outbox";
import { Clockwork } from "./clockwork";
import { colleagues as askColleagues, isRevoked } from "./server";
import { round, sendPhotos } from "./sync";
import { Rows, type Colleague, type Entry, type Outcome } from "./types";

/** Why the last round did not end, if it did not. */
export type Stopped = "offline" | "signed_out" | "full" | "failed";

const opened = shallowRef<Opened | null>(null);
const rows = shallowRef(new Rows());
const entries = shallowRef<Entry[]>([]);
const position = shallowRef<Position>(NOWHERE);
const stopped = ref<Stopped | null>(null);
const busy = ref(false);
const leaseEnds = ref(0);
/** Whether the rows were opened after the PIN: until then there is nothing to show. */
const ready = ref(false);
const gone = ref(false);

let channel: BroadcastChannel | null = null;
let sweeper: ReturnType<typeof setInterval> | undefined;
/** So often what is lent for hours is looked at. Unit: ms. */
const SWEEP_MS = 60_000;
let renewedAt = 0;
const RENEW_MS = 3_600_000;
/** A command that is done is shown until its row comes, but not for ever: the case may have gone out of sight. Unit: ms. */
const SHOWN_MS = 120_000;

/** What is not all at the server: records, and photos of those that are there. */
const pending = computed(() => entries.value.filter((entry) => entry.state === "waiting" || entry.state === "held" || comingPhotos(entry) > 0));
const rejected = computed(() => entries.value.filter(({ state }) => state === "rejected"));
/** Done, but photos did not go along: they lie here until their owner knows. */
const unlit = computed(() => entries.value.filter((entry) => lostPhotos(entry) > 0 && comingPhotos(entry) === 0));
/** Done, but a field met another value: it lies here until its owner knows. */
const contested = computed(() => entries.value.filter(isContested));
const view: ComputedRef<View> = computed(() => merged(rows.value, entries.value));

async function readEntries(phone: Opened): Promise<void> {
  const read = await outbox.entries(phone);
  if (opened.value === phone) entries.value = read;
}

/** Takes out entries whose row is here, or that were answered long enough ago; whether others still wait for theirs. */
async function clearDone(phone: Opened): Promise<boolean> {
  const now = Date.now();
  const done = entries.value.filter(
    (entry) => entry.state === "done" && !isUnread(entry) && comingPhotos(entry) === 0 && (hasCome(entry, rows.value) || Math.abs(now - (entry.ended_at ?? 0)) > SHOWN_MS),
  );
  await outbox.remove(phone, done.map(({ command }) => command.device_seq));
  await readEntries(phone);
  return entries.value.some((entry) => entry.state === "done" && !isUnread(entry));
}

/** What is known of people in care is lent for a day: then it is on this phone no more, whether the server is met or not. */
async function eraseEnded(phone: Opened): Promise<void> {
  const now = serverMs(position.value, Date.now());
  const ended = rows.value.named("care_visit").flatMap(([id, body]) => (isLent({ body }, now) ? [] : [id]));
  if (ended.length === 0 || opened.value !== phone) return;
  const kept = rows.value.clone();
  for (const id of ended) kept.delete("care_visit", id);
  rows.value = kept;
  await erase(phone, "care_visit", ended);
}

/** The server has taken this phone away: nothing of its owner stays. */
async function leave(phone: Opened): Promise<void> {
  lock();
  // First gone, then told: the page that tells it looks at what lies here, and to look at a database makes it.
  await takeAway(phone.account);
  gone.value = true;
}

async function roundOf(phone: Opened): Promise<"done" | "again"> {
  busy.value = true;
  try {
    await round(phone, {
      settled: () => readEntries(phone),
      page: (page) => {
        if (opened.value === phone) rows.value = applied(rows.value, page);
      },
    });
    if (isHour() && phone.me.may.includes("view_duties")) await knownColleagues().catch(() => undefined);
    position.value = await readPosition(phone);
    const isAwaited = await clearDone(phone);
    channel?.postMessage("changed");
    stopped.value = null;
    await renew(phone);
    // Last, so that a photo that does not go through keeps nothing from what came.
    const isAllSent = await sendPhotos(phone, { settled: () => readEntries(phone) });
    await clearDone(phone);
    return isAwaited || !isAllSent ? "again" : "done";
  } catch (cause) {
    // Locked meanwhile: nobody is there to be told.
    if (opened.value !== phone) return "done";
    await readEntries(phone).catch(() => undefined);
    return fell(phone, cause);
  } finally {
    busy.value = false;
  }
}

/** What is fresh for hours is asked for once an hour. */
const isHour = (): boolean => Math.abs(Date.now() - renewedAt) >= RENEW_MS;

async function renew(phone: Opened): Promise<void> {
  if (!isHour()) return;
  leaseEnds.value = await renewLease(phone);
  renewedAt = Date.now();
}

async function fell(phone: Opened, cause: unknown): Promise<"done" | "again"> {
  if (cause instanceof PhoneFull) {
    stopped.value = "full";
    return "again";
  }
  if (!(cause instanceof ProblemError)) {
    console.error(cause);
    stopped.value = "failed";
    return "again";
  }
  if (cause.status === 410 || (cause.status === 401 && (await isRevoked(phone.device)))) {
    await leave(phone);
    return "done";
  }
  // 404: somebody else is signed in, and it is not their phone.
  if (cause.status === 401 || cause.status === 404) stopped.value = "signed_out";
  else stopped.value = cause.status === 0 ? "offline" : "failed";
  return "again";
}

/** One round at a time, over all tabs of this account. While another tab is at it, this one comes back soon: it may have more to send. */
async function lockedRound(): Promise<"done" | "again"> {
  const phone = opened.value;
  if (phone === null) return "done";
  if (!("locks" in navigator)) return roundOf(phone);
  return navigator.locks.request(`linli-sync-${phone.account}`, { ifAvailable: true }, (lock) => (lock === null ? "again" : roundOf(phone)));
}

const clockwork = new Clockwork(lockedRound);

/** Opens the pages on what lies on the phone. */
export async function openPhone(phone: Opened): Promise<void> {
  lock();
  opened.value = phone;
  gone.value = false;
  stopped.value = null;
  const lease = await on(phone.outbox, (db) => db.read("lease"));
  leaseEnds.value = lease === undefined ? 0 : endsAt(lease);
  [rows.value, position.value] = await Promise.all([allRows(phone), readPosition(phone)]);
  await readEntries(phone);
  await eraseEnded(phone);
  sweeper = setInterval(() => void eraseEnded(phone).catch(() => undefined), SWEEP_MS);
  ready.value = true;
  void outbox.dropLoosePhotos(phone).catch(() => undefined);
  listenToOtherTabs(phone);
  window.addEventListener("offline", noteOffline);
  if (!navigator.onLine) noteOffline();
  clockwork.start();
}

/** The browser's word that there is no network is told at once; whether there is one, a round finds out. */
function noteOffline(): void {
  stopped.value ??= "offline";
}

function listenToOtherTabs(phone: Opened): void {
  if (!("BroadcastChannel" in globalThis)) return;
  channel = new BroadcastChannel(`linli-phone-${phone.account}`);
  channel.onmessage = async () => {
    if (opened.value !== phone) return;
    rows.value = await allRows(phone);
    position.value = await readPosition(phone);
    await readEntries(phone);
  };
}

/** Forgets the key and all that is open in memory. What is on the disk stays. */
export function lock(): void {
  clockwork.stop();
  window.removeEventListener("offline", noteOffline);
  clearInterval(sweeper);
  channel?.close();
  channel = null;
  if (opened.value !== null) {
    end(opened.value.outbox);
    end(opened.value.copy);
  }
  opened.value = null;
  rows.value = new Rows();
  entries.value = [];
  position.value = NOWHERE;
  ready.value = false;
  renewedAt = 0;
}

function mustBeOpen(): Opened {
  if (opened.value === null) throw new Error("no phone is open");
  return opened.value;
}

/**
 * Keeps what was done and begins to send it. When this returns it is safe, with or without a network.
 *
 * @throws PhoneFull
 */
export async function act(wish: outbox.Wish): Promise<Entry> {
  const phone = mustBeOpen();
  const entry = await outbox.keep(phone, wish);
  await readEntries(phone);
  channel?.postMessage("changed");
  clockwork.now();
  return entry;
}

/** What becomes of an entry within a moment, for pages that stay to say it; `null` when it is not known yet. */
export async function outcomeOf(entry: Entry, patienceMs = 4_000): Promise<Outcome | null> {
  const end = Date.now() + patienceMs;
  const { device_seq } = entry.command;
  for (;;) {
    const found = entries.value.find(({ command }) => command.device_seq === device_seq);
    if (found === undefined || found.state === "done" || found.state === "rejected") return found?.outcome ?? { status: "applied" };
    if (stopped.value !== null && !busy.value) return null;
    if (Date.now() > end) return null;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

/** @throws PhoneFull */
export const keepPhoto = async (photo: Blob): Promise<{ id: string }> => ({ id: await outbox.keepPhoto(mustBeOpen(), photo) });

/** Its owner has read the refusal, or lets what they noted go. */
export async function dismiss(entry: Entry): Promise<void> {
  const phone = mustBeOpen();
  await outbox.remove(phone, [entry.command.device_seq]);
  await readEntries(phone);
}

/** The version that its owner sees now of what a command is about. */
function seenNow({ type, entity_id, base_version }: Entry["command"]): number | null {
  if (entity_id === null || base_version === null) return base_version;
  const seen = type === "registry.change" ? rows.value.get("record", entity_id)?.version : rows.value.get("case", entity_id)?.row.version;
  return seen ?? base_version;
}

/**
 * The same once more, on what the owner sees now. Its photos go with it.
 *
 * @throws PhoneFull
 */
export async function redo(entry: Entry): Promise<void> {
  const phone = mustBeOpen();
  const { type, entity_id, payload, attachments, device_seq } = entry.command;
  await outbox.movePhotos(phone, device_seq);
  await act({ type, entity_id, base_version: seenNow(entry.command), payload, attachments, told: entry.told });
  await dismiss(entry);
}

/**
 * Who works around here: asked of the server and kept; with no network as it was kept.
 *
 * @throws ProblemError when nobody was ever asked
 */
export async function knownColleagues(): Promise<Colleague[]> {
  const phone = mustBeOpen();
  try {
    const now = await askColleagues();
    await keepColleagues(phone, now);
    return now;
  } catch (cause) {
    const kept = await colleaguesHere(phone);
    if (kept.length === 0) throw cause;
    return kept;
  }
}

/** Whoever is signed in, as the server says now. */
export async function noteMe(me: Me): Promise<void> {
  const phone = opened.value;
  if (phone?.account === me.id) await rememberMe(phone, me);
}

/** What is being written survives a tab that was killed, and lies as sealed as the rest. */
export async function keepDraft(key: DraftKey, draft: unknown): Promise<void> {
  const phone = mustBeOpen();
  const sealed = await seal(phone.key, key, draft);
  await on(phone.outbox, (db) => db.write(key, sealed));
}

export async function keptDraft(key: DraftKey): Promise<unknown> {
  const phone = mustBeOpen();
  const sealed = await on(phone.outbox, (db) => db.read(key));
  return sealed === undefined ? null : open<unknown>(phone.key, key, sealed);
}

export const usePhone = () => ({ opened, ready, gone, rows, entries, pending, rejected, unlit, contested, view, position, stopped, busy, leaseEnds });
export const isOpen = (): boolean => opened.value !== null;
export const syncNow = (): void => clockwork.now();
