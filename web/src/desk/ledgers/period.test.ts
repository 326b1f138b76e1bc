import { expect, it } from "vitest";
import { calendarOf, periodOf, usualDays, type Calendar } from "./period";

it("begins where the server begins when nothing is said", () => {
  const first = (rhythm: "once" | Calendar, today = "2026-11-29") => usualDays(rhythm, today).from;
  expect([first("week"), first("month"), first("quarter"), first("year"), first("once")]).toEqual(["2026-11-23", "2026-11-01", "2026-10-01", "2026-01-01", "2026-10-29"]);
  expect(usualDays("month", "2026-11-29").to).toBe("2026-11-29");
  expect(first("week", "2026-11-23")).toBe("2026-11-23");
  expect([first("once", "2026-03-31"), first("once", "2024-03-31"), first("once", "2026-01-15")]).toEqual(["2026-02-28", "2024-02-29", "2025-12-15"]);
});

it("the period before is whole, the present one ends today", () => {
  const last = (calendar: Calendar, today: string) => Object.values(periodOf("last", calendar, today));
  expect(last("week", "2026-11-29")).toEqual(["2026-11-16", "2026-11-22"]);
  expect(last("month", "2026-03-31")).toEqual(["2026-02-01", "2026-02-28"]);
  expect(last("quarter", "2026-02-10")).toEqual(["2025-10-01", "2025-12-31"]);
  expect(last("year", "2026-02-10")).toEqual(["2025-01-01", "2025-12-31"]);
  expect(periodOf("present", "quarter", "2026-02-10")).toEqual({ from: "2026-01-01", to: "2026-02-10" });
});

it("what is asked for once goes by months", () => {
  expect([calendarOf("once"), calendarOf("week")]).toEqual(["month", "week"]);
});
