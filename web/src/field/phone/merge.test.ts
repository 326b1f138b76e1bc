import { describe, expect, it } from "vitest";
import type { CaseRow } from "@shared/api/types";
import { applied } from "./copy";
import { today } from "./due";
import { dueStateNow, hasCome, isUnderWay, merged, offersOf } from "./merge";
import { Rows, type CaseBody, type Command, type Entry, type EntryState, type Outcome, type StoredOffer, type Visit } from "./types";

const NOW = Date.parse("2026-10-01T08:00:00.000Z");
const TAKE: StoredOffer = { verb: "take", name: "接单", tone: "primary" };
const COMMENT: StoredOffer = { verb: "comment", name: "跟进记录", tone: "normal", form: "f1" };

function caseBody(id: string, more: Partial<CaseRow> = {}, actions: StoredOffer[] = [TAKE, COMMENT]): CaseBody {
  const row = {
    id, code: id, paper_no: "", text: `事项${id}`, weight: "general", weight_name: "一般", stage: "dispatched", stage_name: "待签收", phase: "open",
    area: { code: "610502005007003", name: "第三网格", level: "grid", full_name: "第三网格" }, seat_name: "", reported_at: "2026-09-30T00:00:00.000Z",
    due_at: "2026-10-02T00:00:00.000Z", due_state: "ok", reopened: 0, has_photos: false, channel: "web", version: 3, ...more,
  } as CaseRow;
  return { row, full_text: row.text, place_text: "", category: null, question: null, reply: null, mine: false, actions };
}

function rowsOf(...bodies: CaseBody[]): Rows {
  const rows = new Rows();
  for (const body of bodies) rows.set({ kind: "case", id: body.row.id, body });
  return rows;
}

function entry(command: Partial<Command>, state: EntryState = "waiting", outcome: Outcome | null = null): Entry {
  return {
    command: { op_id: "op", device_id: "d", device_seq: 1, type: "case.act", entity_id: null, base_version: null, captured_at: "2026-10-01T07:00:00.000Z", payload: {}, attachments: [], ...command },
    told: { title: "", place: "第三网格", written: [] },
    state,
    outcome,
    ended_at: null,
  };
}

const act = (id: string, action: string, state: EntryState = "waiting", outcome: Outcome | null = null): Entry => entry({ entity_id: id, payload: { action } }, state, outcome);
const keys = (rows: Rows, entries: Entry[]): string[] => today(merged(rows, entries), NOW).map(({ key, items }) => `${key}:${items.map(({ id }) => id).join(",")}`);

describe("the day on a phone with no network", () => {
  it("shows what has a main button for its owner, and nothing else of the grid's", () => {
    expect(keys(rowsOf(caseBody("a"), caseBody("b", {}, [COMMENT])), [])).toEqual(["rest:a"]);
  });

  it("moves what was done to what waits for the upload, and keeps what goes on", () => {
    const SETTLE: StoredOffer = { verb: "settle", name: "办结", tone: "primary", form: "f2" };
    const rows = rowsOf(caseBody("a", {}, [SETTLE]), caseBody("b", {}, [{ ...TAKE, then: [SETTLE] }]), caseBody("c"));
    expect(keys(rows, [act("a", "settle"), act("b", "take"), act("c", "comment")])).toEqual(["rest:b,c", "sent:a"]);
  });

  it("offers after an act what the server said would follow, and nothing that it did not say", () => {
    const SETTLE: StoredOffer = { verb: "settle", name: "办结", tone: "primary", form: "f2" };
    const known = caseBody("a", {}, [{ ...TAKE, then: [SETTLE, COMMENT] }, COMMENT]);
    const verbs = (body: CaseBody, ...acts: Entry[]): string[] => {
      const item = merged(rowsOf(body), acts).cases.get("a");
      return item === undefined ? [] : offersOf(item).map(({ verb }) => verb);
    };
    expect(verbs(known)).toEqual(["take", "comment"]);
    expect(verbs(known, act("a", "comment"))).toEqual(["take", "comment"]);
    expect(verbs(known, act("a", "take"))).toEqual(["settle", "comment"]);
    expect(verbs(known, act("a", "take"), act("a", "settle"))).toEqual(["comment"]);
    expect(verbs(caseBody("a"), act("a", "take"))).toEqual(["comment"]);
    expect(keys(rowsOf(known), [act("a", "take")])).toEqual(["rest:a"]);
    expect(keys(rowsOf(caseBody("a")), [act("a", "take")])).toEqual(["sent:a"]);
  });

  it("puts a refused act back to what is due", () => {
    const refused = act("a", "settle", "rejected", { status: "rejected", problem: {} });
    expect(keys(rowsOf(caseBody("a")), [refused])).toEqual(["rest:a"]);
  });

  it("shows a note and a finding at once, each as one thing", () => {
    const report = entry({ type: "case.report", entity_id: "n1", payload: { text: "井盖缺了", area_code: "610502005007003" } });
    const finding = entry({ type: "visit.finding", op_id: "v", entity_id: "n2", payload: { kind: "patrol", area_code: "610502005007003", finding: { text: "堵住通道" } } });
    const view = merged(new Rows(), [report, finding]);
    expect([...view.cases.values()].map(({ row }) => row.text)).toEqual(["井盖缺了", "堵住通道"]);
    expect(view.visits.map(({ note, finding: found }) => [note, found])).toEqual([["堵住通道", true]]);
  });

  it("calls late what became late since the last contact", () => {
    expect(dueStateNow({ due_at: "2026-10-01T07:59:00.000Z", due_state: "soon" }, NOW)).toBe("late");
    expect(dueStateNow({ due_at: "2026-10-01T08:01:00.000Z", due_state: "soon" }, NOW)).toBe("soon");
    expect(dueStateNow({ due_at: null, due_state: "none" }, NOW)).toBe("none");
  });

  it("orders by time, and what is due together by place", () => {
    const at = (code: string): Partial<CaseRow> => ({ area: { code, name: code, level: "grid", full_name: code } });
    const rows = rowsOf(caseBody("far", at("9")), caseBody("first", { due_at: "2026-10-01T09:00:00.000Z", ...at("9") }), caseBody("near", at("1")));
    expect(keys(rows, [])).toEqual(["rest:first,near,far"]);
  });
});

describe("what is done and not yet back", () => {
  const done = (version: number): Entry => act("a", "take", "done", { status: "applied", entity: { kind: "case", id: "a", version } });

  it("lies over the old row until the new one comes, and then no longer", () => {
    const rows = rowsOf(caseBody("a"));
    expect(merged(rows, [done(4)]).cases.get("a")?.pending).toHaveLength(1);
    const after = applied(rows, { removals: [], upserts: [{ kind: "case", id: "a", body: caseBody("a", { version: 4 }) }], next_cursor: "", has_more: false, truncated: false, n_skipped: 0, scope_version: "", server_time: "" });
    expect(hasCome(done(4), after)).toBe(true);
    expect(merged(after, [done(4)]).cases.get("a")?.pending).toHaveLength(0);
  });

  it("ends with a case that went out of sight, and waits for one that was noted here", () => {
    expect(hasCome(done(4), new Rows())).toBe(true);
    const noted = entry({ type: "case.report", entity_id: "n" }, "done", { status: "applied", entity: { kind: "case", id: "b" } });
    expect(hasCome(noted, new Rows())).toBe(false);
    expect(hasCome(noted, rowsOf(caseBody("b")))).toBe(true);
  });

  it("is not shown twice when a visit's row is here", () => {
    const outcome: Outcome = { status: "applied", entity: { kind: "visit", id: "v1" } };
    const record = entry({ type: "visit.record", payload: { kind: "patrol" } }, "done", outcome);
    const visit = { id: "v1", kind: "patrol", place_text: "3号楼", area: { name: "第三网格" }, note: null, result: "clear", captured_at: "2026-10-01T07:00:00.000Z", case_id: null } as unknown as Visit;
    const rows = new Rows();
    expect(merged(rows, [record]).visits).toHaveLength(1);
    rows.set({ kind: "visit", id: "v1", body: visit });
    expect(merged(rows, [record]).visits).toHaveLength(1);
  });

  it("knows an act from a note", () => {
    const item = (verb: string) => merged(rowsOf(caseBody("a")), [act("a", verb)]).cases.get("a");
    expect(["settle", "take", "comment", "urge"].map((verb) => { const found = item(verb); return found !== undefined && isUnderWay(found); })).toEqual([true, true, false, false]);
  });
});

it("a page takes off before it puts, and leaves kinds that it does not know alone", () => {
  const before = rowsOf(caseBody("a"), caseBody("b"));
  const page = { removals: [{ kind: "case", id: "a" }, { kind: "roster", id: "x" }], upserts: [{ kind: "roster", id: "y", body: { n: 1 } }, { kind: "case", id: "c", body: caseBody("c") }], next_cursor: "", has_more: false, truncated: false, n_skipped: 0, scope_version: "", server_time: "" };
  const after = applied(before, page);
  expect(after.all("case").map(({ row }) => row.id)).toEqual(["b", "c"]);
  expect(after.size).toBe(3);
  expect(before.size).toBe(2);
});
