import { expect, it } from "vitest";
import type { FieldSpec, RegistryRow } from "@shared/registry/fields";
import type { RecordItem } from "../phone/records";
import { foldedOf, found, FRESH_MS, gridsOf, householdsOf, isStale, kindOf, LISTED, ordered, personsIn } from "./find";

const NOW = Date.parse("2026-10-01T08:00:00.000Z");

function record(id: string, address: string, more: Partial<RegistryRow> = {}): RecordItem {
  const row = { id, kind: "dwelling", area: { code: "610502005007003", name: "第三网格", level: "grid", full_name: "第三网格" }, name: address, address, fields: {}, sealed: [], is_complete: true, version: 1, ...more } as RegistryRow;
  return { row, pending: [] };
}

const addresses = (items: readonly RecordItem[]): string[] => items.map(({ row }) => row.address);

it("doors follow each other as people count them", () => {
  const records = ["幸福小区12号楼1单元101室", "幸福小区3号楼2单元1102室", "幸福小区3号楼2单元201室", "东风小区1号楼"].map((address, n) => record(String(n), address));
  expect(addresses(ordered(records))).toEqual(["东风小区1号楼", "幸福小区3号楼2单元201室", "幸福小区3号楼2单元1102室", "幸福小区12号楼1单元101室"]);
});

it("any part of an address or a name finds it, and several words find what has all of them", () => {
  const records = ordered([
    record("a", "幸福小区3号楼2单元101室"),
    record("b", "幸福小区3号楼1单元101室"),
    record("c", "向阳路12号", { kind: "premises", name: "Abc面馆" }),
  ]);
  const ids = (q: string): string[] => found(records, q).map(({ row }) => row.id);
  expect(ids("101")).toEqual(["b", "a"]);
  expect(ids(" 3号楼　2单元 ")).toEqual(["a"]);
  expect(ids("３号楼")).toEqual(["b", "a"]);
  expect(ids("ABC 向阳")).toEqual(["c"]);
  expect(ids("面馆 幸福")).toEqual([]);
  expect(ids("")).toHaveLength(3);
});

it("a facility has a list of its own and is found by where it stands", () => {
  const lamp = record("l", "幸福小区3号楼前", { kind: "facility", name: "路灯" });
  expect(LISTED).toContain("facility");
  expect(kindOf("facility")).toBe("facility");
  expect(found([lamp], "3号楼 路灯")).toEqual([lamp]);
});

it("five thousand at once are found without a pause", () => {
  const many = Array.from({ length: 5_000 }, (_, n) => record(String(n), `幸福小区${(n % 40) + 1}号楼${(n % 3) + 1}单元${n}室`));
  const all = ordered(many);
  const begun = performance.now();
  for (const q of ["幸", "幸福", "幸福小区 3号楼", "4999"]) found(all, q);
  expect(found(all, "4999")).toHaveLength(1);
  // Generous: the machine may be building. A phone is to answer between two keys.
  expect(performance.now() - begun).toBeLessThan(400);
});

it("what left is not of the present", () => {
  expect(ordered([record("a", "1号楼"), record("b", "2号楼", { left: "拆除" })])).toHaveLength(1);
});

it("asks for a look where nobody ever looked, and half a year after the last", () => {
  const at = (ms: number) => ({ confirmed_at: new Date(NOW - ms).toISOString() });
  expect([isStale({ confirmed_at: null }, NOW), isStale(at(FRESH_MS - 1), NOW), isStale(at(FRESH_MS + 1), NOW)]).toEqual([true, false, true]);
});

it("counts who lives in a dwelling by its households, and finds them there", () => {
  const household = (id: string, dwelling_id: string, n_persons?: string, more: Partial<RegistryRow> = {}): RecordItem =>
    record(id, "", { kind: "household", fields: { dwelling_id, ...(n_persons === undefined ? {} : { n_persons }) }, ...more });
  const records = new Map([household("h2", "a", "2"), household("h1", "a", "3"), household("h3", "a"), household("h4", "b"), household("h5", "a", "9", { left: "迁出" })].map((item) => [item.row.id, item]));
  expect([...personsIn(records)]).toEqual([["a", 5]]);
  expect(householdsOf(records, "a").map(({ row }) => row.id)).toEqual(["h1", "h2", "h3"]);
});

it("whoever enters a record says which it is; whoever changes one has that folded away", () => {
  const field = (key: string, purpose: string, is_required = false): FieldSpec => ({ key, name: key, purpose, is_required, is_sealed: false, shape: "text", words: [] });
  const dwelling = [field("compound", "找到房屋", true), field("building", "找到房屋"), field("room", "找到房屋"), field("area_m2", "核对面积"), field("occupancy", "安全提示")];
  const keys = (isNew: boolean): string[][] => Object.values(foldedOf(dwelling, isNew)).map((part: readonly FieldSpec[]) => part.map(({ key }) => key));
  expect(keys(true)).toEqual([["compound", "building", "room"], ["area_m2", "occupancy"]]);
  expect(keys(false)).toEqual([["area_m2", "occupancy"], ["compound", "building", "room"]]);
  expect(foldedOf(dwelling.slice(3), true).more).toEqual([]);
});

it("a record is entered in a grid; in a part of one only by whoever has no more", () => {
  const area = (code: string, level: "grid" | "micro_grid" | "community") => ({ code, name: code, level, full_name: code });
  const codes = (...areas: ReturnType<typeof area>[]): string[] => gridsOf(areas).map(({ code }) => code);
  expect(codes(area("2", "grid"), area("1", "grid"), area("11", "micro_grid"), area("0", "community"), area("1", "grid"))).toEqual(["1", "2"]);
  expect(codes(area("11", "micro_grid"))).toEqual(["11"]);
  expect(codes(area("0", "community"))).toEqual([]);
});
