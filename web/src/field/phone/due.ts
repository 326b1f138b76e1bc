/** What waits for the owner of the phone. Today's list is one list: each kind of work is a source of its items. */
import type { CaseRow, DueState } from "@shared/api/types";
import { plainTime } from "@shared/lib/time";
import { isOpenDuty } from "./counts";
import { dueStateNow, isUnderWay, offersOf, type CareItem, type CaseItem, type DutyItem, type View } from "./merge";

interface Due {
  id: string;
  due_at: string | null;
  due_state: DueState;
  /** Where, so that what lies together can be done together. */
  area_code: string;
  /** Since when it waits. */
  since: string;
  /** Acts that are on their way. */
  n_pending: number;
}

/** One thing that is due, whatever it is. A new kind of work adds its shape here, a source below, and a component in `TodayItem`. */
export type DueItem = Due & ({ kind: "case"; case: CaseRow } | { kind: "duty"; duty: DutyItem } | { kind: "care"; care: CareItem });

export interface DueGroup {
  /** `later` has its day, and that is not this week. */
  key: "late" | "soon" | "rest" | "later" | "sent";
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

const dayOf = (ms: number): string => plainTime(new Date(ms).toISOString()).slice(0, 10);

/** By the day in the city: work of a day has no hour that it must not miss. */
function stateByDay(dueAt: string, nowMs: number): DueState {
  const [due, now] = [dayOf(Date.parse(dueAt)), dayOf(nowMs)];
  if (due < now) return "late";
  return due === now ? "soon" : "ok";
}

export function dueOfDuty(item: DutyItem, nowMs: number): DueItem {
  const { key, due_at, area, from } = item.duty;
  const isLate = item.duty.state === "late" || Date.parse(due_at) <= nowMs;
  return { kind: "duty", id: key, due_at, due_state: isLate ? "late" : stateByDay(due_at, nowMs), area_code: area.code, since: from, duty: item, n_pending: item.pending.length };
}

export function dueOfCare(item: CareItem, nowMs: number): DueItem {
  const { due_at, area, last_met_at } = item.body;
  return { kind: "care", id: item.id, due_at, due_state: stateByDay(due_at, nowMs), area_code: area.code, since: last_met_at ?? due_at, care: item, n_pending: item.pending.length };
}

/** Noted here, or done as far as its owner can: what remains is the upload. */
const isSent = (item: CaseItem): boolean => item.body === null || (isUnderWay(item) && !isMine(item));

const cases: Source = (view, nowMs) => {
  const items = [...view.cases.values()];
  const due = ({ row, pending }: CaseItem): DueItem => dueOfRow({ ...row, due_state: dueStateNow(row, nowMs) }, pending.length);
  return { due: items.filter((item) => !isSent(item) && isMine(item)).map(due), sent: items.filter(isSent).map(due) };
};

/** Whether what is on its way is as often as it is asked. */
const isDone = ({ duty, pending }: DutyItem): boolean => duty.n_done + pending.length >= duty.times;

const duties: Source = (view, nowMs) => {
  const items = [...view.duties.values()].filter(({ duty }) => isOpenDuty(duty));
  const due = (item: DutyItem): DueItem => dueOfDuty(item, nowMs);
  return { due: items.filter((item) => !isDone(item)).map(due), sent: items.filter(isDone).map(due) };
};

/** What of somebody in care may still be read. A clock that was set back gains nothing behind the last contact. */
export const isLent = ({ body }: { body: Pick<CareItem["body"], "lease_until"> }, nowMs: number): boolean => Date.parse(body.lease_until) > nowMs;

const care: Source = (view, nowMs) => {
  const items = [...view.care.values()].filter((item) => isLent(item, nowMs));
  const due = (item: CareItem): DueItem => dueOfCare(item, nowMs);
  return { due: items.filter(({ pending }) => pending.length === 0).map(due), sent: items.filter(({ pending }) => pending.length > 0).map(due) };
};

const SOURCES: readonly Source[] = [cases, duties, care];

/** What is due first; at the same moment what lies together; then what waits longest. */
export function byTimeAndPlace(a: DueItem, b: DueItem): number {
  const time = (a.due_at ?? "9999").localeCompare(b.due_at ?? "9999");
  if (time !== 0) return time;
  return a.area_code.localeCompare(b.area_code) || a.since.localeCompare(b.since);
}

const WEEK_MS = 7 * 86_400_000;

/** What recurs and has time still: a quarter's inspections are no news of today. Whoever reported a case waits from today on. */
const isLater = (item: DueItem, nowMs: number): boolean =>
  item.kind !== "case" && item.due_state === "ok" && ((item.kind === "duty" && item.duty.duty.state === "coming") || Date.parse(item.due_at ?? "") - nowMs > WEEK_MS);

/** The day: late, soon, the rest, what has time, and what is done and on its way. A part with nothing in it is left out. */
export function grouped(due: readonly DueItem[], sent: readonly DueItem[], nowMs: number): DueGroup[] {
  const ordered = [...due].sort(byTimeAndPlace);
  const isRest = ({ due_state }: DueItem): boolean => due_state === "ok" || due_state === "none";
  const groups: DueGroup[] = [
    { key: "late", items: ordered.filter((item) => item.due_state === "late") },
    { key: "soon", items: ordered.filter((item) => item.due_state === "soon") },
    { key: "rest", items: ordered.filter((item) => isRest(item) && !isLater(item, nowMs)) },
    { key: "later", items: ordered.filter((item) => isRest(item) && isLater(item, nowMs)) },
    { key: "sent", items: [...sent].sort((a, b) => b.since.localeCompare(a.since)) },
  ];
  return groups.filter((group) => group.items.length > 0);
}

export function today(view: View, nowMs: number): DueGroup[] {
  const found = SOURCES.map((source) => source(view, nowMs));
  return grouped(found.flatMap((part) => part.due), found.flatMap((part) => part.sent), nowMs);
}

/** How many things are to be done; what has time and what is done is not counted. */
export const nDue = (groups: readonly DueGroup[]): number => groups.filter(({ key }) => key !== "sent" && key !== "later").reduce((sum, { items }) => sum + items.length, 0);
