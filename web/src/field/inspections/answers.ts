/** A checklist gone through: what stands at each line, what is missing, what is sent. Pure. */
import { sentIds, anyUnderWay, type Photo } from "@shared/ui/photos";
import { given } from "../phone/doing";
import type { Checklist, RecordInspection } from "../phone/types";

export type Answer = RecordInspection["answers"][number];
export type Word = Answer["answer"];
export type ChecklistItem = Checklist["items"][number];

export const WORDS = ["ok", "finding", "not_applicable"] as const satisfies readonly Word[];

export interface Line {
  item: ChecklistItem;
  answer: Word | null;
  note: string;
  photos: Photo[];
}

/** Whether a checklist is for premises of a kind; the server says the same. */
export const fits = (list: Checklist, premisesKind: string): boolean => list.premises.includes(premisesKind);

export const linesOf = (list: Checklist): Line[] => list.items.map((item) => ({ item, answer: null, note: "", photos: [] }));

/** Nothing is wrong anywhere but where somebody already said what is. */
export function allFine(lines: readonly Line[]): void {
  for (const line of lines) line.answer ??= "ok";
}

export const findings = (lines: readonly Line[]): Line[] => lines.filter(({ answer }) => answer === "finding");

export interface Lack {
  item: string;
  what: "answer" | "note" | "photo_under_way";
}

/** What keeps a record from being written. A photo never does: it may come later, or not at all. */
export function lacks(lines: readonly Line[]): Lack[] {
  return lines.flatMap(({ item, answer, note, photos }): Lack[] => {
    if (answer === null) return [{ item: item.code, what: "answer" }];
    if (answer !== "finding") return [];
    if (given(note) === undefined) return [{ item: item.code, what: "note" }];
    return anyUnderWay(photos) ? [{ item: item.code, what: "photo_under_way" }] : [];
  });
}

/** What is sent; words and photos at a line that turned out to be in order stay behind. */
export function answersOf(lines: readonly Line[]): Answer[] {
  return lines.flatMap(({ item, answer, note, photos }): Answer[] => {
    if (answer === null) return [];
    if (answer !== "finding") return [{ item: item.code, answer }];
    const attachments = sentIds(photos);
    return [{ item: item.code, answer, note: given(note) ?? null, ...(attachments.length === 0 ? {} : { attachments }) }];
  });
}

/** What is kept of a line while it is gone through; a photo that was not kept yet is not. */
export type KeptLine = Pick<Line, "answer" | "note" | "photos">;

export interface KeptInspection {
  checklist: string;
  note: string;
  lines: Record<string, KeptLine>;
}

export const keptOf = (checklist: string, lines: readonly Line[], note: string): KeptInspection => ({
  checklist,
  note,
  lines: Object.fromEntries(lines.map(({ item, answer, note: words, photos }) => [item.code, { answer, note: words, photos: photos.filter(({ state }) => state === "sent") }])),
});

/** Takes what was kept into fresh lines; lines that the checklist has no longer are let go. */
export function restore(lines: readonly Line[], kept: KeptInspection): void {
  for (const line of lines) Object.assign(line, kept.lines[line.item.code] ?? {});
}
