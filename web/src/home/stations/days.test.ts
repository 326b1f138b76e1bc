import { expect, it } from "vitest";
import { byDay, span, type PublicShift } from "./days";

const NOW = new Date("2026-10-09T17:00:00.000Z"); // 01:00 of the tenth in Shanghai

const shift = (title: string, starts_at: string, ends_at: string, is_now = false): PublicShift => ({
  area: { code: "610502005007", name: "红旗社区", level: "community", full_name: "站南街道红旗社区" },
  kind_name: "驿站值守",
  title,
  place_text: "党群服务中心一楼",
  who: ["党晓燕"],
  starts_at,
  ends_at,
  is_now,
});
const NIGHT = shift("夜里", "2026-10-09T14:00:00.000Z", "2026-10-09T22:00:00.000Z", true);
const EVENING = shift("今晚", "2026-10-10T10:00:00.000Z", "2026-10-10T12:00:00.000Z");
const MORNING = shift("明早", "2026-10-10T23:30:00.000Z", "2026-10-11T01:00:00.000Z");

it("puts a shift to the city's day; what began the evening before is there today", () => {
  const days = byDay([NIGHT, EVENING, MORNING], NOW);
  expect(days.map(({ date, items }) => [date, ...items.map(({ title }) => title)])).toEqual([["2026-10-10", "夜里", "今晚"], ["2026-10-11", "明早"]]);
  expect(byDay([], NOW)).toEqual([]);
});

it("says the clock, and the day only where it is another one", () => {
  const when = (iso: string): string => `(${iso.slice(0, 10)})`;
  expect(span(EVENING, "2026-10-10", when)).toBe("18:00–20:00");
  expect(span(NIGHT, "2026-10-10", when)).toBe("(2026-10-09)–06:00");
});
