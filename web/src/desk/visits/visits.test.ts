import { expect, it } from "vitest";
import { byPlace, type VisitList } from "./types";

const home = (record_id: string, code: string, state: "due" | "done") => ({ record_id, label: record_id, area: { code, name: code, level: "grid" as const, full_name: code }, state, last_at: null });
const LIST: VisitList = { duty_id: "list_visits", name: "照单走访", why: "", from: "2026-11-01", to: "2026-11-30", n_open: 2, homes: [home("101", "a", "done"), home("102", "a", "due"), home("201", "b", "due")] };

it("shows the homes that are still to be visited by place, and the others where they are asked for", () => {
  const told = (all: boolean) => byPlace(LIST, all).map((place) => [place.code, place.homes.map((one) => one.record_id)]);
  expect(told(false)).toEqual([
    ["a", ["102"]],
    ["b", ["201"]],
  ]);
  expect(told(true)).toEqual([
    ["a", ["101", "102"]],
    ["b", ["201"]],
  ]);
});
