import { expect, it } from "vitest";
import { noteBody, placeWords, type NoteDraft } from "./noteDraft";

const LAMP = { by: "facility", id: "0198", name: "3号楼前路灯", address: "幸福小区3号楼前" } as const;

const draft = (more: Partial<NoteDraft>): NoteDraft => ({ text: " 灯不亮 ", photos: [], place: null, address: "", category: "", name: "", phone: "", attempt: null, ...more });

it("a report of a facility carries the facility and no other place", () => {
  expect(noteBody(draft({ place: LAMP }))).toEqual({ text: "灯不亮", facility: "0198", channel: "visit" });
  expect(noteBody(draft({ place: LAMP, address: "2单元门口" })).address).toBeUndefined();
});

it("what is noted elsewhere carries its place and what was added to it", () => {
  const body = noteBody(draft({ place: { by: "area", code: "610502005007003", name: "第三网格" }, address: "2单元门口" }));
  expect(body).toEqual({ text: "灯不亮", area_code: "610502005007003", address: "2单元门口", channel: "visit" });
});

it("the list of what waits says where: a facility by its name and where it stands", () => {
  expect(placeWords({ place: LAMP, address: "2单元门口" })).toBe("幸福小区3号楼前 3号楼前路灯");
  expect(placeWords({ place: { by: "area", code: "6", name: "第三网格" }, address: " 门口 " })).toBe("第三网格 门口");
  expect(placeWords({ place: null, address: "" })).toBe("");
});
