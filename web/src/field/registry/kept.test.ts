import { expect, it } from "vitest";
import { KEPT_MS } from "../phone/fresh";
import { broughtBack, isWorth, keptOf } from "./kept";

const NOW = Date.parse("2026-10-01T08:00:00.000Z");
const KNOWN = { compound: "幸福小区", building: "3号楼", occupancy: "owner" };
const KEYS = ["compound", "building", "occupancy", "note"];

it("only what was changed is kept, and comes back after a tab was killed", () => {
  const kept = keptOf(KNOWN, { ...KNOWN, occupancy: "rented", building: "", note: "门锁坏了" }, "", NOW);
  expect(Object.keys(kept.fields)).toEqual(["building", "occupancy", "note"]);
  expect(broughtBack(JSON.parse(JSON.stringify(kept)), KNOWN, KEYS)).toEqual({ building: "", occupancy: "rented", note: "门锁坏了" });
});

it("what somebody else changed meanwhile stays, and what is no field any longer is let go", () => {
  const kept = keptOf(KNOWN, { ...KNOWN, occupancy: "rented", note: "门锁坏了" }, "", NOW);
  expect(broughtBack(kept, { ...KNOWN, occupancy: "empty" }, KEYS)).toEqual({ note: "门锁坏了" });
  expect(broughtBack(kept, KNOWN, ["occupancy"])).toEqual({ occupancy: "rented" });
});

it("a form without a change is not worth keeping, nor one that was left for days", () => {
  const begun = keptOf({}, { compound: "幸福小区" }, "610502005007003", NOW);
  expect([0, KEPT_MS - 1, KEPT_MS, -KEPT_MS].map((later) => isWorth(begun, NOW + later))).toEqual([true, true, false, false]);
  expect(isWorth(keptOf(KNOWN, KNOWN, "610502005007003", NOW), NOW)).toBe(false);
});
