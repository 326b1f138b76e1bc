import { describe, expect, it } from "vitest";
import type { RegistryRow } from "@shared/registry/fields";
import { hasCome, isContested, isUnread, merged } from "./merge";
import { keptNames } from "./records";
import { Rows, type Command, type Entry, type EntryState, type Outcome } from "./types";

const AREA = { code: "610502005007003", name: "第三网格", level: "grid", full_name: "红旗社区第三网格" } as const;
const AT = "2026-10-01T07:00:00.000Z";

function record(id: string, more: Partial<RegistryRow> = {}): RegistryRow {
  return { id, kind: "dwelling", area: AREA, name: "幸福小区3号楼101室", address: "幸福小区3号楼101室", fields: { compound: "幸福小区", building: "3号楼", room: "101室", occupancy: "owner" }, sealed: [], is_complete: true, confirmed_at: null, left: null, left_at: null, version: 4, ...more };
}

function rowsOf(...records: RegistryRow[]): Rows {
  const rows = new Rows();
  for (const body of records) rows.set({ kind: "record", id: body.id, body });
  rows.set({ kind: "area", id: AREA.code, body: { area: AREA, places: [], people: [] } });
  const phone = { key: "phone", name: "电话", purpose: "", is_required: false, is_sealed: true, shape: "phone", words: [] };
  rows.set({ kind: "playbook", id: "current", body: { id: "p", version: "1", categories: [], units: [], registry: { premises: [phone] } } });
  return rows;
}

let n = 0;
function entry(command: Partial<Command>, state: EntryState = "waiting", outcome: Outcome | null = null): Entry {
  n += 1;
  return {
    command: { op_id: `op${n}`, device_id: "d", device_seq: n, type: "registry.confirm", entity_id: null, base_version: null, captured_at: AT, payload: {}, attachments: [], ...command },
    told: { title: "", place: "", written: [] },
    state,
    outcome,
    ended_at: null,
  };
}

const enter = (id: string, kind: string, fields: Record<string, string>): Entry => entry({ type: "registry.enter", entity_id: id, payload: { kind, area_code: AREA.code, fields } });
const change = (id: string, fields: Record<string, string | null>, kind = "dwelling"): Entry => entry({ type: "registry.change", entity_id: id, base_version: 4, payload: { kind, fields } });
const confirm = (id: string): Entry => entry({ type: "registry.confirm", entity_id: id, payload: { kind: "dwelling" } });

const of = (rows: Rows, entries: Entry[], id: string) => merged(rows, entries).records.get(id);

describe("records on a phone with no network", () => {
  it("a change lies over what stood, is called by what was typed, and keeps the version that its owner saw", () => {
    const item = of(rowsOf(record("a")), [change("a", { room: "102室", occupancy: null })], "a");
    expect(item?.row).toMatchObject({ name: "幸福小区3号楼102室", address: "幸福小区3号楼102室", version: 4, confirmed_at: AT });
    expect(item?.row.fields).toEqual({ compound: "幸福小区", building: "3号楼", room: "102室" });
    expect(item?.pending).toHaveLength(1);
  });

  it("a facility that is entered is there at once, with its name and where it stands", () => {
    const item = of(rowsOf(), [enter("f", "facility", { facility_kind: "light", name: "3号楼前路灯", address: "幸福小区3号楼前" })], "f");
    expect(item?.row).toMatchObject({ kind: "facility", name: "3号楼前路灯", address: "幸福小区3号楼前", area: AREA });
    expect(item?.pending).toHaveLength(1);
  });

  it("the server's own row is left as it came", () => {
    const before = record("a");
    merged(rowsOf(before), [change("a", { occupancy: "rented" }), confirm("a")]);
    expect(before).toEqual(record("a"));
  });

  it("one tap says that it is so still, and changes nothing else", () => {
    const item = of(rowsOf(record("a")), [confirm("a")], "a");
    expect(item?.row).toEqual({ ...record("a"), confirmed_at: AT });
    expect(item?.pending).toHaveLength(1);
  });

  it("a dwelling and a household in it are there at once; their dwelling is marked with them", () => {
    const entries = [enter("new", "dwelling", { compound: "幸福小区", building: "9号楼", room: "1室" }), enter("h", "household", { dwelling_id: "new", n_persons: "3" })];
    const { records } = merged(rowsOf(), entries);
    expect(records.get("new")?.row).toMatchObject({ address: "幸福小区9号楼1室", area: AREA, version: 1, confirmed_at: AT });
    expect(records.get("h")?.row).toMatchObject({ name: "", address: "幸福小区9号楼1室", fields: { n_persons: "3" } });
    expect([records.get("new")?.pending.length, records.get("h")?.pending.length]).toEqual([2, 1]);
  });

  it("a resident is no row: household and dwelling are marked", () => {
    const rows = rowsOf(record("a"), record("h", { kind: "household", name: "李**", fields: { dwelling_id: "a" } }));
    const { records } = merged(rows, [enter("r", "resident", { household_id: "h", name: "李晓梅" })]);
    expect([...records.keys()]).toEqual(["a", "h"]);
    expect([records.get("a")?.pending.length, records.get("h")?.pending.length]).toEqual([1, 1]);
    expect(JSON.stringify([...records.values()].map(({ row }) => row))).not.toContain("李晓梅");
  });

  it("what is sealed is only said to be there", () => {
    const shop = enter("s", "premises", { name: "面馆", address: "向阳路1号", premises_kind: "catering", phone: "19900000001" });
    const item = of(rowsOf(), [shop], "s");
    expect(item?.row).toMatchObject({ name: "面馆", address: "向阳路1号", sealed: ["phone"] });
    expect(item?.row.fields.phone).toBeUndefined();
    expect(of(rowsOf(), [shop, change("s", { phone: null }, "premises")], "s")?.row.sealed).toEqual([]);
  });

  it("a household keeps the name of its head", () => {
    const rows = rowsOf(record("h", { kind: "household", name: "李**", address: "3号楼", fields: { dwelling_id: "a", n_persons: "2" } }));
    expect(of(rows, [change("h", { n_persons: "3" }, "household")], "h")?.row).toMatchObject({ name: "李**", address: "3号楼", fields: { n_persons: "3" } });
  });

  it("what was refused lies over nothing", () => {
    const refused: Entry = { ...change("a", { occupancy: "rented" }), state: "rejected", outcome: { status: "rejected", problem: {} } };
    expect(of(rowsOf(record("a")), [refused], "a")).toEqual({ row: record("a"), pending: [] });
  });

  it("commands on records that are not here do no harm", () => {
    expect(merged(rowsOf(), [change("x", { occupancy: "rented" }), confirm("x")]).records.size).toBe(0);
  });
});

describe("what is done and not yet back", () => {
  const done = (type: string, kind: string, version: number, status: "applied" | "merged" | "conflict" = "applied"): Entry =>
    entry({ type, entity_id: "a", payload: { kind, fields: { occupancy: "rented" } } }, "done", { status, entity: { kind, id: "a", version } });

  it("waits for the row with its version", () => {
    const rows = rowsOf(record("a"));
    expect(["dwelling", "household", "premises", "firm"].map((kind) => hasCome(done("registry.change", kind, 5), rows))).toEqual([false, false, false, false]);
    expect(hasCome(done("registry.confirm", "dwelling", 4), rows)).toBe(true);
    expect(hasCome(done("registry.change", "dwelling", 5, "merged"), rowsOf(record("a", { version: 6 })))).toBe(true);
  });

  it("a new record waits for its row; one that went out of sight, and a resident, wait for none", () => {
    expect(hasCome(done("registry.enter", "dwelling", 1), rowsOf())).toBe(false);
    expect(hasCome(done("registry.change", "dwelling", 5), rowsOf())).toBe(true);
    expect(hasCome(done("registry.enter", "resident", 1), rowsOf())).toBe(true);
  });

  it("a field that waits for the community stays until it was read, over nothing", () => {
    const entries = [done("registry.change", "dwelling", 5, "conflict")];
    expect(entries.map((one) => [isContested(one), isUnread(one)])).toEqual([[true, true]]);
    expect(of(rowsOf(record("a")), entries, "a")).toEqual({ row: record("a"), pending: [] });
    expect(isUnread(done("registry.change", "dwelling", 5))).toBe(false);
  });

  it("a field that waits is named as the form names it", () => {
    const field = (key: string, name: string) => ({ key, name, purpose: "", is_required: false, is_sealed: false, shape: "word", words: [] });
    const specs = { dwelling: [field("dwelling_use", "房屋用途"), field("occupancy", "居住状态")], household: [field("occupancy", "别的")] };
    const kept = (...keys: string[]): Entry => entry({ type: "registry.change", payload: { kind: "dwelling", fields: {} } }, "done", { status: "conflict", kept: keys });
    expect(keptNames(kept("occupancy"), specs)).toEqual(["居住状态"]);
    expect(keptNames(kept("occupancy", "dwelling_use", "unknown"), specs)).toEqual(["房屋用途", "居住状态"]);
    // An outcome from before the server named them, and a phone that no longer has the registry.
    expect(keptNames(done("registry.change", "dwelling", 5, "conflict"), specs)).toEqual([]);
    expect(keptNames(kept("occupancy"), {})).toEqual([]);
  });
});
