/** What is due of every kind: in which order, what is done by what is on its way, and what may be read no longer. */
import { describe, expect, it } from "vitest";
import type { CaseRow } from "@shared/api/types";
import { serverMs } from "./copy";
import { counts } from "./counts";
import { dueOfRow, grouped, isLent, nDue, today } from "./due";
import { iconOf, nameKeyOf } from "./kinds";
import { hasCome, merged } from "./merge";
import { wayOf } from "../duties/way";
import { Rows, type CareBody, type Command, type Duty, type Entry, type Outcome, type StoredCare } from "./types";

const NOW = Date.parse("2026-10-08T01:00:00.000Z");
const GRID = { code: "610502005007003", name: "第三网格", level: "grid", full_name: "第三网格" } as Duty["area"];

function duty(key: string, more: Partial<Duty> = {}): Duty {
  return {
    key, duty_id: key, name: key, why: "", rhythm: "day", target_kind: "area", evidence: ["patrol"], area: GRID, state: "due",
    from: "2026-10-08", to: "2026-10-08", due_at: "2026-10-08T10:00:00.000Z", provisional: false, times: 1, n_done: 0, ...more,
  };
}

const shop = (record: string, more: Partial<Duty> = {}): Duty =>
  duty(record, { evidence: ["inspection"], target_kind: "key_premises", target: { record_id: record, label: record, premises_kind: "shop" }, due_at: "2026-12-31T10:00:00.000Z", ...more });

const care = (due_at: string, lease_until = "2026-10-09T01:00:00.000Z"): CareBody =>
  ({ area: GRID, name: "示例老人", address: "1号楼", wish: null, due_at, is_visit: true, services: [], last_met_at: null, tried_at: null, version: 1, lease_until });

function rowsOf(duties: readonly Duty[], people: Record<string, StoredCare> = {}): Rows {
  const rows = new Rows();
  for (const body of duties) rows.set({ kind: "duty", id: `row-${body.key}`, body });
  for (const [id, body] of Object.entries(people)) rows.set({ kind: "care_visit", id, body });
  return rows;
}

function entry(command: Partial<Command>, outcome: Outcome | null = null): Entry {
  return {
    command: { op_id: "op", device_id: "d", device_seq: 1, type: "visit.record", entity_id: null, base_version: null, captured_at: "2026-10-08T00:30:00.000Z", payload: {}, attachments: [], ...command },
    told: { title: "", place: "", written: [] },
    state: outcome === null ? "waiting" : "done",
    outcome,
    ended_at: null,
  };
}

const patrol = (area_code = GRID.code): Entry => entry({ payload: { kind: "patrol", area_code } });
const inspection = (record_id: string, outcome: Outcome | null = null): Entry => entry({ type: "inspection.record", payload: { record_id } }, outcome);
const keys = (rows: Rows, entries: Entry[] = [], now = NOW): string[] => today(merged(rows, entries), now).map(({ key, items }) => `${key}:${items.map(({ id }) => id).join(",")}`);

const caseRow = (id: string, due_state: CaseRow["due_state"], due_at: string | null): CaseRow => ({ id, due_state, due_at, reported_at: "2026-10-01T00:00:00.000Z", area: GRID }) as CaseRow;

describe("the day is one list", () => {
  it("puts late before soon before the rest, the earliest first in each, whatever it is", () => {
    const items = [caseRow("ok", "ok", "2026-10-09T00:00:00.000Z"), caseRow("none", "none", null), caseRow("soon", "soon", "2026-10-08T12:00:00.000Z"), caseRow("late-2", "late", "2026-10-02T00:00:00.000Z"), caseRow("late-1", "late", "2026-10-01T00:00:00.000Z")];
    expect(grouped(items.map((row) => dueOfRow(row)), [], NOW).map(({ key, items: of }) => `${key}:${of.map(({ id }) => id).join(",")}`)).toEqual(["late:late-1,late-2", "soon:soon", "rest:ok,none"]);
    expect(grouped([], [], NOW)).toEqual([]);
  });

  it("calls soon what is to be done today, and late what was, by the day in the city", () => {
    const rows = rowsOf(
      [duty("patrol"), duty("meeting", { evidence: ["meeting"], due_at: "2026-10-10T10:00:00.000Z" }), duty("missed", { state: "late", due_at: "2026-10-07T10:00:00.000Z" }), duty("done", { state: "done" })],
      { "old-lady": care("2026-10-07T11:00:00.000Z"), "old-man": care("2026-10-08T15:59:00.000Z") },
    );
    expect(keys(rows)).toEqual(["late:missed,old-lady", "soon:patrol,old-man", "rest:meeting"]);
  });

  it("keeps what has weeks still, and what has not begun, at hand without counting it", () => {
    const rows = rowsOf([duty("patrol"), shop("a"), duty("reception", { state: "coming", from: "2026-10-14", due_at: "2026-10-14T10:00:00.000Z" })]);
    expect(keys(rows)).toEqual(["soon:patrol", "later:reception,a"]);
    expect(nDue(today(merged(rows, []), NOW))).toBe(1);
  });
});

describe("what is on its way", () => {
  it("does for everything that it fits, and for nothing else", () => {
    const rows = rowsOf([duty("patrol"), duty("record", { evidence: ["any"] }), duty("visit", { evidence: ["visit"] }), duty("joint", { evidence: ["joint_patrol"] })]);
    expect(keys(rows, [patrol()])).toEqual(["soon:visit,joint", "sent:patrol,record"]);
    expect(keys(rows, [patrol("610502005009")])).toEqual(["soon:patrol,record,visit,joint"]);
    expect(counts(duty("joint", { evidence: ["joint_patrol"] }), entry({ payload: { kind: "patrol", area_code: GRID.code, companions: ["police"] } }).command)).toBe(true);
  });

  it("does for the premises that were looked at alone", () => {
    expect(keys(rowsOf([shop("a"), shop("b")]), [inspection("a")])).toEqual(["later:b", "sent:a"]);
  });

  it("does once where it is asked twice", () => {
    expect(keys(rowsOf([duty("twice", { times: 2 })]), [patrol()])).toEqual(["soon:twice"]);
    expect(keys(rowsOf([duty("twice", { times: 2, n_done: 1 })]), [patrol()])).toEqual(["sent:twice"]);
  });

  it("takes a visit to somebody in care off the list at once, and shows it among the visits", () => {
    const rows = rowsOf([], { a: care("2026-10-08T10:00:00.000Z") });
    const visit = entry({ type: "care.visit", entity_id: "a", payload: { met: "done", note: "精神很好" } });
    expect(keys(rows, [visit])).toEqual(["sent:a"]);
    expect(merged(rows, [visit]).visits.map(({ kind, note }) => [kind, note])).toEqual([["visit", "精神很好"]]);
  });
});

describe("a call to somebody in care", () => {
  const CALLED = { type: "care.visit", entity_id: "a", payload: { met: "called", services: ["check_in_call"] } };
  const call: CareBody = { ...care("2026-10-08T10:00:00.000Z"), is_visit: false, services: [{ code: "check_in_call", name: "电话问候" }] };

  it("is off the list at once, and is neither a record of a visit nor does for one that is due", () => {
    const rows = rowsOf([duty("visit", { evidence: ["visit"] }), duty("record", { evidence: ["any"] })], { a: call });
    expect(keys(rows)).toEqual(["soon:visit,record,a"]);
    expect(keys(rows, [entry(CALLED)])).toEqual(["soon:visit,record", "sent:a"]);
    expect(merged(rows, [entry(CALLED)]).visits).toEqual([]);
  });

  it("gives the list back what stays due, when its row has come", () => {
    const done = entry(CALLED, { status: "applied", entity: { kind: "care_visit", id: "a", version: 2 } });
    expect(keys(rowsOf([], { a: call }), [done])).toEqual(["sent:a"]);
    expect(keys(rowsOf([], { a: { ...call, is_visit: true, services: [], version: 2 } }), [done])).toEqual(["soon:a"]);
    expect(keys(rowsOf([]), [done])).toEqual([]);
  });

  it("leaves a visit due that somebody is to make all the same, without the services that were given", () => {
    const services = [...call.services, { code: "meal_delivery", name: "送餐上门" }];
    const rows = rowsOf([], { a: { ...call, is_visit: true, services } });
    const [called, there] = [entry(CALLED), entry({ type: "care.visit", entity_id: "a", payload: { met: "done" } })];
    expect(keys(rows, [called])).toEqual(["soon:a"]);
    expect(merged(rows, [called]).care.get("a")).toMatchObject({ called_at: called.command.captured_at, pending: [], body: { is_visit: true, services: [{ code: "meal_delivery" }] } });
    expect(keys(rows, [called, there])).toEqual(["sent:a"]);
    expect(merged(rows, [called, there]).visits).toHaveLength(1);
    // What was tapped alone, with nothing ticked, gives nothing.
    expect(merged(rows, [entry({ ...CALLED, payload: { met: "called" } })]).care.get("a")?.body.services).toEqual(services);
    expect(rows.get("care_visit", "a")?.services).toEqual(services);
  });

  it("is told of until the row has come that knows of it", () => {
    const done = entry(CALLED, { status: "applied", entity: { kind: "care_visit", id: "a", version: 2 } });
    const calledAt = (version: number) => merged(rowsOf([], { a: { ...call, is_visit: true, version } }), [done]).care.get("a")?.called_at;
    expect([calledAt(1), calledAt(2)]).toEqual([done.command.captured_at, null]);
  });

  it("is named by what was tapped", () => {
    expect([nameKeyOf(entry(CALLED)), iconOf(entry(CALLED))]).toEqual([null, "phone"]);
    expect(nameKeyOf(entry({ ...CALLED, payload: { met: "done" } }))).toBe("field.care.title");
  });
});

it("a row from before calls were sent is a visit with no services", () => {
  const { is_visit: _, services: __, ...older } = care("2026-10-08T10:00:00.000Z");
  expect(merged(rowsOf([], { a: older }), []).care.get("a")?.body).toMatchObject({ is_visit: true, services: [] });
});

describe("what is done and not yet back", () => {
  const applied = (kind: string, version: number | null = null): Outcome => ({ status: "applied", entity: { kind, id: "x", version } });

  it("stays over what is due until that knows of it", () => {
    const done = inspection("a", applied("inspection"));
    expect(keys(rowsOf([shop("a")]), [done])).toEqual(["sent:a"]);
    expect(hasCome(done, rowsOf([shop("a")]))).toBe(false);
    // Asked for twice, it is due still, and knows of the first.
    expect(hasCome(done, rowsOf([shop("a", { times: 2, n_done: 1, last_at: "2026-10-08T00:30:00.000Z" })]))).toBe(true);
    expect(hasCome(done, rowsOf([]))).toBe(true);
  });

  it("ends for somebody in care with their row, or with its next version", () => {
    const done = entry({ type: "care.visit", entity_id: "x", payload: { met: "not_home" } }, applied("care_visit", 2));
    const at = (version: number): Rows => rowsOf([], { x: { ...care("2026-10-08T10:00:00.000Z"), version } });
    expect([hasCome(done, at(1)), hasCome(done, at(2)), hasCome(done, rowsOf([]))]).toEqual([false, true, true]);
  });
});

describe("what is lent for a day", () => {
  const rows = rowsOf([], { a: care("2026-10-08T10:00:00.000Z", "2026-10-08T02:00:00.000Z") });

  it("is shown no more at its minute", () => {
    expect(keys(rows)).toEqual(["soon:a"]);
    expect(keys(rows, [], Date.parse("2026-10-08T02:00:00.000Z"))).toEqual([]);
  });

  it("gains nothing from a clock that was set back behind the last contact", () => {
    const met = { cursor: null, server_time: "2026-10-08T03:00:00.000Z", skew_ms: 0, truncated: false };
    expect(isLent({ body: care("2026-10-08T10:00:00.000Z", "2026-10-08T02:00:00.000Z") }, serverMs(met, NOW))).toBe(false);
  });
});

it("a tap leads to the page that records it", () => {
  expect(wayOf(shop("a"))).toEqual({ name: "inspection", params: { record: "a" } });
  expect(wayOf(duty("m", { evidence: ["meeting"] }))).toEqual({ name: "gathering", query: { duty: "m" } });
  expect(wayOf(duty("p"))).toEqual({ name: "visits", query: { duty: "p" } });
});
