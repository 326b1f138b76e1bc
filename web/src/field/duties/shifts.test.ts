import { expect, it } from "vitest";
import { AHEAD_MS, coming, monthsOf, type Shift } from "./shifts";

const NOW = Date.parse("2026-10-20T03:00:00.000Z");
const shift = (id: string, fromMs: number, is_mine = true) =>
  ({ id, is_mine, starts_at: new Date(NOW + fromMs).toISOString(), ends_at: new Date(NOW + fromMs + 7_200_000).toISOString() }) as Shift;

it("one's own shifts of two weeks stand in their order, each once, the one that is on among them", () => {
  const all = [shift("later", 86_400_000), shift("on", -3_600_000), shift("on", -3_600_000), shift("over", -7_200_000), shift("far", AHEAD_MS), shift("other", 1, false)];
  expect(coming(all, NOW).map(({ id }) => id)).toEqual(["on", "later"]);
});

it("two weeks may lie in two months of the city", () => {
  expect(monthsOf(NOW)).toEqual(["2026-10", "2026-11"]);
  expect(monthsOf(Date.parse("2026-10-10T03:00:00.000Z"))).toEqual(["2026-10"]);
});
