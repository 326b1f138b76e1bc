import { expect, it } from "vitest";
import type { CaseRow } from "@shared/api/types";
import { byUrgency, todayGroups } from "./order";

const row = (id: string, due_state: CaseRow["due_state"], due_at: string | null): CaseRow => ({
  id,
  code: id,
  paper_no: "",
  text: "",
  weight: "general",
  weight_name: "",
  stage: "",
  stage_name: "",
  phase: "open",
  area: { code: "1", name: "", level: "grid", full_name: "" },
  seat_name: "",
  reported_at: "2026-10-01T00:00:00.000Z",
  due_at,
  due_state,
  reopened: 0,
  has_photos: false,
  channel: "web",
  version: 1,
});

it("puts late before soon before the rest, and the earliest first in each", () => {
  const rows = [
    row("ok", "ok", "2026-10-09T00:00:00.000Z"),
    row("none", "none", null),
    row("soon", "soon", "2026-10-03T00:00:00.000Z"),
    row("late-2", "late", "2026-10-02T00:00:00.000Z"),
    row("late-1", "late", "2026-10-01T00:00:00.000Z"),
  ];
  expect(byUrgency([rows]).map(({ id }) => id)).toEqual(["late-1", "late-2", "soon", "ok", "none"]);
});

it("shows a case once though two boxes hold it, and no empty part", () => {
  const one = row("one", "soon", "2026-10-03T00:00:00.000Z");
  expect(todayGroups([[one], [one]])).toEqual([{ key: "soon", rows: [one] }]);
  expect(todayGroups([])).toEqual([]);
});
