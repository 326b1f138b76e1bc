import type { CaseRow } from "@shared/api/types";

const RANK: Record<CaseRow["due_state"], number> = { late: 0, soon: 1, ok: 2, none: 3 };

/** Late first, then soon, then the rest; within each, what is due first. A case in two lists counts once. */
export function byUrgency(lists: readonly (readonly CaseRow[])[]): CaseRow[] {
  const once = new Map(lists.flat().map((row) => [row.id, row]));
  return [...once.values()].sort((a, b) => {
    const rank = RANK[a.due_state] - RANK[b.due_state];
    if (rank !== 0) return rank;
    const due = (a.due_at ?? "9999").localeCompare(b.due_at ?? "9999");
    return due !== 0 ? due : a.reported_at.localeCompare(b.reported_at);
  });
}

export interface TodayGroup {
  key: "late" | "soon" | "rest";
  rows: CaseRow[];
}

/** The day's list in its three parts; a part without cases is left out. */
export function todayGroups(lists: readonly (readonly CaseRow[])[]): TodayGroup[] {
  const rows = byUrgency(lists);
  const groups: TodayGroup[] = [
    { key: "late", rows: rows.filter((row) => row.due_state === "late") },
    { key: "soon", rows: rows.filter((row) => row.due_state === "soon") },
    { key: "rest", rows: rows.filter((row) => row.due_state === "ok" || row.due_state === "none") },
  ];
  return groups.filter((group) => group.rows.length > 0);
}
