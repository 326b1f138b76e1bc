import { expect, it } from "vitest";
import type { CaseRow } from "@shared/api/types";
import type { AreaFeatures } from "@shared/map/types";
import { dueOfCare, dueOfDuty, dueOfRow } from "../phone/due";
import type { CareBody, Duty } from "../phone/types";
import { onMap, ownOutlines, pointOf, pointsOf, together } from "./onMap";

const NOW = Date.parse("2026-10-08T01:00:00.000Z");
const at = (lon: number) => ({ lon, lat: 34 });
const PLACES = [
  { name: "红旗小区1号楼", point: at(1) },
  { name: "红旗小区13号楼", point: at(13) },
  { name: "红旗小区13号楼1单元", point: at(131) },
  { name: "向阳路1", point: at(7) },
  { name: "网格公示牌", point: null },
];
const AREA = { code: "610502005007003", name: "第三网格", level: "grid", full_name: "第三网格" } as Duty["area"];
const care = (id: string, address: string) => dueOfCare({ id, body: { area: AREA, address, due_at: "2026-10-08T10:00:00.000Z", last_met_at: null } as CareBody, called_at: null, pending: [] }, NOW);
const duty = (label?: string) => dueOfDuty({ duty: { key: label ?? "patrol", area: AREA, due_at: "2026-10-31T10:00:00.000Z", from: "2026-10-01", state: "due", target: label === undefined ? null : { record_id: "r", label } } as Duty, pending: [] }, NOW);
const aCase = (point: CaseRow["point"]) => dueOfRow({ id: "c", due_at: null, due_state: "late", area: AREA, reported_at: "2026-10-01T00:00:00.000Z", point } as CaseRow);

it("a case is where it was reported, an address where its narrowest printed code hangs, and an area nowhere", () => {
  expect(pointOf(aCase(at(9)), PLACES)).toEqual(at(9));
  expect(pointOf(aCase(null), PLACES)).toBeNull();
  expect(pointOf(care("a", "红旗小区13号楼1单元101室"), PLACES)).toEqual(at(131));
  expect(pointOf(duty("红旗小区13号楼202室"), PLACES)).toEqual(at(13));
  expect(pointOf(duty("红旗小区3号楼202室"), PLACES)).toBeNull();
  expect(pointOf(duty("向阳路12号"), PLACES), "another house").toBeNull();
  expect(pointOf(duty(), PLACES)).toBeNull();
});

it("what presses most lies on top, and one dot stands for all that is there", () => {
  const found = onMap([aCase(at(131)), care("a", "红旗小区13号楼1单元101室"), duty("红旗小区1号楼3室"), duty()], PLACES);
  expect(pointsOf(found).features.map(({ properties }) => [properties.id, properties.tone])).toEqual([["duty/红旗小区1号楼3室", "open"], ["care/a", "soon"], ["case/c", "late"]]);
  expect(together(found, "care/a").map(({ id }) => id)).toEqual(["c", "a"]);
});

it("shows one's own grid of the community, or all of it where that is not drawn", () => {
  const outline = (code: string) => ({ type: "Feature", geometry: { type: "Polygon", coordinates: [] }, properties: { code, name: code } }) as AreaFeatures["features"][number];
  const drawn: AreaFeatures = { type: "FeatureCollection", features: [outline("610502005007003"), outline("610502005007004")] };
  expect(ownOutlines(drawn, ["610502005007003001"]).features.map(({ properties }) => properties)).toEqual([{ code: "610502005007003", name: "" }]);
  expect(ownOutlines(drawn, ["610502009"]).features).toHaveLength(2);
});
