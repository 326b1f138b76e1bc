/** What waits for the owner of the phone. Today's list is one list: each kind of work is a source of its items. */
import type { CaseRow, DueState } from "@shared/api/types";
import { dueStateNow, isUnderWay, offersOf, type CaseItem, type View } from "./merge";

/** One thing that is due, whatever it is. A new kind of work adds its shape here, a source below, and a component in `TodayPage`. */
export interface DueItem {
  kind: "case";
  id: string;
  due_at: string | null;
  due_state: DueState;
  /** Where, so that what lies together can be done together. */
  area_code: string;
  /** Since when it waits. */
  since: string;
  case: CaseRow;
  /** Acts that are on their way. */
  n_pending: number;
}

export interface DueGroup {
  key: "late" | "soon" | "rest" | "sent";
  items: DueItem[];
}

type Source = (view: View, nowMs: number) => { due: DueItem[]; sent: DueItem[] };

/** Whether a case waits for the owner of the phone: a main button of it is theirs. What only waits for others is under 事项. */
export const isMine = (item: CaseItem): boolean => offersOf(item).some(({ tone }) => tone === "primary");

/** A case that is due. */
export function dueOfRow(row: CaseRow, nPending = 0): DueItem {
  const { id, due_at, due_state, area, reported_at } = row;
  return { kind: "case", id, due_at: due_at ?? null, due_state, area_code: area.code, since: reported_at, case: row, n_pending: nPending };
}

/** Noted here, or done as far as its owner can: what remains is the upload. */
const isSent = (item: CaseItem): boolean => item.body === null || (isUnderWay(item) && !isMine(item));

const cases: Source = (view, nowMs) => {
  const items = [...view.cases.values()];
  const due = ({ row, pending }: CaseItem): DueItem => dueOfRow({ ...row, due_state: dueStateNow(row, nowMs) }, pending.length);
  return { due: items.filter((item) => !isSent(item) && isMine(item)).map(due), sent: items.filter(isSent).map(due) };
};

const SOURCES: readonly Source[] = [cases];

/** What is due first; at the same moment what lies together; then what waits longest. */
export function byTimeAndPlace(a: DueItem, b: DueItem): number {
  const time = (a.due_at ?? "9999").localeCompare(b.due_at ?? "9999");
  if (time !== 0) return time;
  return a.area_code.localeCompare(b.area_code) || a.since.localeCompare(b.since);
}

/** The day: late, soon, the rest, and what is done and on its way. A part with nothing in it is left out. */
export function today(view: View, nowMs: number): DueGroup[] {
  const found = SOURCES.map((source) => source(view, nowMs));
  const due = found.flatMap((part) => part.due).sort(byTimeAndPlace);
  const groups: DueGroup[] = [
    { key: "late", items: due.filter((item) => item.due_state === "late") },
    { key: "soon", items: due.filter((item) => item.due_state === "soon") },
    { key: "rest", items: due.filter((item) => item.due_state === "ok" || item.due_state === "none") },
    { key: "sent", items: found.flatMap((part) => part.sent).sort((a, b) => b.since.localeCompare(a.since)) },
  ];
  return groups.filter((group) => group.items.length > 0);
}
