import { reactive, watch } from "vue";
import { newKey } from "@shared/api/intention";
import type { Point, ReportCase } from "@shared/api/types";
import { sentIds, type Photo } from "@shared/ui/photos";
import { isOpen, keepDraft, keptDraft, usePhone } from "../phone/phone";

/** Where the noted matter is. */
export type NotePlace =
  | { by: "area"; code: string; name: string }
  | { by: "point"; point: Point }
  | { by: "place"; code: string; name: string }
  | { by: "facility"; id: string; name: string; address: string };

export interface NoteDraft {
  text: string;
  photos: Photo[];
  place: NotePlace | null;
  address: string;
  category: string;
  name: string;
  phone: string;
  attempt: { key: string; body: string } | null;
}

const KEY = "linli.note";
/** A pause in typing. */
const KEEP_AFTER_MS = 300;

function empty(): NoteDraft {
  return { text: "", photos: [], place: null, address: "", category: "", name: "", phone: "", attempt: null };
}

function isDraft(value: unknown): value is NoteDraft {
  return typeof value === "object" && value !== null && "text" in value && "photos" in value;
}

/** What came back of a draft; a photo that was not sent is not there any more. */
const broughtBack = (stored: NoteDraft): NoteDraft => ({ ...empty(), ...stored, photos: stored.photos.filter(({ state }) => state === "sent") });

/** What lies in the tab, and which account wrote it. */
interface InTab {
  by: string | null;
  draft: NoteDraft;
}

function inTab(): InTab {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<InTab> | null;
    return isDraft(stored?.draft) ? { by: stored.by ?? null, draft: broughtBack(stored.draft) } : { by: null, draft: empty() };
  } catch {
    // A browser that keeps nothing, or what lies there is none of ours.
    return { by: null, draft: empty() };
  }
}

const copyOf = (one: NoteDraft): NoteDraft => JSON.parse(JSON.stringify(one)) as NoteDraft;
const isBegun = (one: NoteDraft): boolean => JSON.stringify(one) !== JSON.stringify(empty());

/** With no PIN a draft is of this tab alone: it survives a reload, and a resident's name and number do not stay in the browser behind it. */
function keepInTab(): void {
  if (!isBegun(draft)) {
    forgetNote();
    return;
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ by: writer, draft } satisfies InTab));
  } catch {
    // It lives as long as the page.
  }
}

const found = inTab();
/** Who is signed in, as far as one knows. */
let writer = found.by;
const draft = reactive(found.draft);
/** Until a draft that lies sealed was read. */
let restored: Promise<void> = Promise.resolve();
/** Whose draft it is: an account with an open phone, or `null` for the browser's. */
let owner: string | null = null;
let reading = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** With an open phone nothing that was written about a resident lies in the clear. */
function keep(): void {
  clearTimeout(timer);
  if (reading) return;
  if (!isOpen()) keepInTab();
  else timer = setTimeout(() => void (isOpen() && keepDraft("note", copyOf(draft))), KEEP_AFTER_MS);
}
watch(draft, keep, { deep: true });

/** Another person's draft is not shown; one's own comes back. */
async function change(to: string | null): Promise<void> {
  if (to === owner) return;
  owner = to;
  Object.assign(draft, to === null ? inTab().draft : empty());
  if (to === null) return;
  reading = true;
  const kept = await keptDraft("note").finally(() => (reading = false));
  if (owner === to && isDraft(kept) && draft.text === "") Object.assign(draft, broughtBack(kept));
}

/** The note being written; it survives a reload and a lost connection. */
export function useNoteDraft(): { draft: NoteDraft; clear: () => void; restored: Promise<void> } {
  const to = usePhone().opened.value?.account ?? null;
  // A draft that cannot be read is none: the page begins empty.
  if (to !== owner) restored = change(to).catch(() => undefined);
  return { draft, clear: () => void Object.assign(draft, empty()), restored };
}

/** Whoever signs out leaves nothing that they wrote about a resident to the next at this browser. What lies sealed comes back with its PIN. */
export function leaveNote(): void {
  owner = writer = null;
  restored = Promise.resolve();
  Object.assign(draft, empty());
  forgetNote();
}

/** Says who is signed in. A session can end by itself: what another person began in this tab is not shown to them. */
export function noteIsOf(account: string): void {
  if (writer !== null && writer !== account) leaveNote();
  writer = account;
}

/** From now on the phone has a PIN: what is being written lies sealed, and no longer in the tab's open storage. */
export async function sealNote(): Promise<void> {
  clearTimeout(timer);
  if (isBegun(draft)) await keepDraft("note", copyOf(draft));
  forgetNote();
}

function forgetNote(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept there.
  }
}

function placeBody(place: NotePlace | null): Pick<ReportCase, "area_code" | "point" | "place" | "facility"> {
  switch (place?.by) {
    case "area":
      return { area_code: place.code };
    case "point":
      return { point: place.point };
    case "place":
      return { place: place.code };
    case "facility":
      return { facility: place.id };
    case undefined:
      return {};
  }
}

/** Where, in words. */
export function placeWords({ place, address }: Pick<NoteDraft, "place" | "address">): string {
  if (place?.by === "facility") return `${place.address} ${place.name}`;
  return [place !== null && "name" in place ? place.name : "", address.trim()].filter((part) => part !== "").join(" ");
}

/** What is sent: on behalf of a resident met on the way. */
export function noteBody(from: NoteDraft): ReportCase {
  const given = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());
  const attachments = sentIds(from.photos);
  return {
    text: from.text.trim(),
    ...placeBody(from.place),
    // Where a facility stands is known: what was typed for another place is not about it.
    address: from.place?.by === "facility" ? undefined : given(from.address),
    category: given(from.category),
    name: given(from.name),
    phone: given(from.phone.replace(/[\s-]/g, "")),
    attachments: attachments.length === 0 ? undefined : attachments,
    channel: "visit",
  };
}

/** The key of this attempt: that of the last one when nothing changed since. */
export function noteKey(from: NoteDraft, body: ReportCase): string {
  const text = JSON.stringify(body);
  if (from.attempt?.body !== text) from.attempt = { key: newKey(), body: text };
  return from.attempt.key;
}
