import { expect, it } from "vitest";
import { holderOf, INSIDE, leavings, TABS, titleOf } from "./types";

const say = (key: string, { name }: { name: string }): string => `${key.split(".").at(-1)} ${name}`.trim();

it("a household leads back to its dwelling and a resident to the household; what stands alone leads nowhere", () => {
  expect(holderOf({ kind: "household", fields: { dwelling_id: "d" } })).toEqual({ kind: "dwelling", id: "d" });
  expect(holderOf({ kind: "resident", fields: { household_id: "h" } })).toEqual({ kind: "household", id: "h" });
  expect(holderOf({ kind: "facility", fields: { name: "路灯" } })).toBeNull();
});

it("what is entered in a record refers to it by the field that leads back", () => {
  for (const kind of ["dwelling", "household"] as const) {
    const inside = INSIDE[kind];
    expect(inside && holderOf({ kind: inside.kind, fields: { [inside.by]: "x" } })).toEqual({ kind, id: "x" });
  }
  expect(INSIDE.facility).toBeUndefined();
});

it("a household is called by its head as far as the mask shows, or says that none is entered", () => {
  expect(titleOf({ kind: "household", name: "李**", address: "1号楼" }, say)).toBe("household_of 李**");
  expect(titleOf({ kind: "household", name: "", address: "1号楼" }, say)).toBe("a_household");
  expect(titleOf({ kind: "dwelling", name: "", address: "1号楼" }, say)).toBe("1号楼");
  expect(titleOf({ kind: "facility", name: "3号楼前路灯", address: "1号楼" }, say)).toBe("3号楼前路灯");
});

it("a facility has a tab of its own and leaves when it is taken down", () => {
  expect(TABS).toContain("facility");
  expect(leavings("facility")).toEqual(["demolished", "mistake"]);
});
