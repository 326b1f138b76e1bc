import { reactive, watch } from "vue";
import { newKey } from "@shared/api/intention";
import type { AreaRef, Contact, Place, Point, ReportCase } from "@shared/api/types";
import { forget, recallJson, rememberJson } from "@shared/lib/storage";
import { sentIds, type Photo } from "@shared/ui/photos";

/** How the resident said where it is. */
export type Where =
  | { by: "place"; code: string; name: string; area: AreaRef; worker: Contact | null; kind?: Place["kind"] }
  | { by: "point"; point: Point; name: string }
  | { by: "area"; area: AreaRef };

/** The known matter that the resident said is theirs too. */
export interface SameMatter {
  /** What stands for it when the report is sent. */
  token: string;
  /** What kind, and where. */
  name: string;
  /** The question that it answered: another text or place asks anew. */
  asked: string;
}

export interface ReportDraft {
  text: string;
  photos: Photo[];
  category: string | null;
  where: Where | null;
  /** What to add to the place: house, floor, a landmark. */
  address: string;
  phone: string;
  name: string;
  same: SameMatter | null;
  /** The last attempt to send: the same content keeps its key, so that a retry acts once, even after a reload. */
  attempt: { key: string; body: string } | null;
  savedAt: number;
}

const KEY = "linli.report";
/** A draft is kept a day: long enough for a lost connection, short enough for a shared phone. */
const KEPT_MS = 24 * 60 * 60 * 1000;

function empty(): ReportDraft {
  return {
    text: "",
    photos: [],
    category: null,
    where: null,
    address: "",
    phone: "",
    name: "",
    same: null,
    attempt: null,
    savedAt: 0,
  };
}

function isDraft(value: unknown): value is ReportDraft {
  return typeof value === "object" && value !== null && "text" in value && "photos" in value && "savedAt" in value;
}

function restore(): ReportDraft {
  const stored = recallJson(KEY, isDraft);
  if (stored === null || Date.now() - stored.savedAt > KEPT_MS) return empty();
  // Only what reached the server can be shown again; a file that was still waiting is gone with the page.
  return { ...empty(), ...stored, photos: stored.photos.filter((photo) => photo.state === "sent") };
}

const draft = reactive(restore());

watch(draft, () => rememberJson(KEY, { ...draft, savedAt: Date.now() }), { deep: true });

/** The report being written; one on a device. */
export function useReportDraft(): { draft: ReportDraft; clear: () => void } {
  function clear(): void {
    Object.assign(draft, empty());
    forget(KEY);
  }
  return { draft, clear };
}

/** A few words for the place chosen. */
export function whereName(where: Where): string {
  switch (where.by) {
    case "place":
      return `${where.area.full_name} ${where.name}`;
    case "point":
      return where.name;
    case "area":
      return where.area.full_name;
  }
}

/** Where the report goes, as the server wants it. */
export function whereBody(where: Where): Pick<ReportCase, "place" | "point" | "area_code"> {
  switch (where.by) {
    case "place":
      return { place: where.code };
    case "point":
      return { point: where.point };
    case "area":
      return { area_code: where.area.code };
  }
}

/** What known matters are looked for by. */
export function askedOf(from: ReportDraft): Pick<ReportCase, "text" | "category" | "place" | "point" | "area_code"> | null {
  if (from.where === null || from.text.trim() === "") return null;
  return { text: from.text.trim(), category: from.category ?? undefined, ...whereBody(from.where) };
}

/** The known matter that was chosen, as long as it is still the one that was asked about. */
export function sameOf(from: ReportDraft): SameMatter | null {
  return from.same !== null && from.same.asked === JSON.stringify(askedOf(from)) ? from.same : null;
}

/** What is sent. Nothing is sent that was not given. */
export function reportBody(from: ReportDraft): ReportCase {
  const attachments = sentIds(from.photos);
  const given = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());
  return {
    text: from.text.trim(),
    ...(from.where === null ? {} : whereBody(from.where)),
    address: given(from.address),
    category: from.category ?? undefined,
    phone: given(from.phone.replace(/[\s-]/g, "")),
    name: given(from.name),
    attachments: attachments.length === 0 ? undefined : attachments,
    same_as: sameOf(from)?.token,
  };
}

/** The key of this attempt: that of the last one when nothing changed since. */
export function attemptKey(from: ReportDraft, body: ReportCase): string {
  const text = JSON.stringify(body);
  if (from.attempt?.body !== text) from.attempt = { key: newKey(), body: text };
  return from.attempt.key;
}
