import { expect, it } from "vitest";
import { asked, daysOf, faultOf, nDays, readBoardQuery, today, writeBoardQuery } from "./period";

it("counts the days of the city, not of the browser", () => {
  expect(today(new Date("2026-11-29T15:59:00Z"))).toBe("2026-11-29");
  expect(today(new Date("2026-11-29T16:00:00Z"))).toBe("2026-11-30");
});

it("begins a week on Monday, a month on its first, a quarter with its first month", () => {
  expect(daysOf("week", "2026-11-29")).toEqual({ from: "2026-11-23", to: "2026-11-29" });
  expect(daysOf("week", "2026-11-23").from).toBe("2026-11-23");
  expect(daysOf("month", "2026-11-29").from).toBe("2026-11-01");
  expect(daysOf("quarter", "2026-11-29").from).toBe("2026-10-01");
  expect(daysOf("quarter", "2026-01-05").from).toBe("2026-01-01");
  expect(nDays(daysOf("recent", "2026-03-01"))).toBe(30);
});

it("reads what it wrote, and shows the usual days for an address that makes no sense", () => {
  const last = "2026-11-29";
  const own = readBoardQuery({ unit: "610502000000/water", period: "own", from: "2026-09-01", to: "2026-09-30", show: "on_time" }, last);
  expect(readBoardQuery(writeBoardQuery(own) as never, last)).toEqual(own);
  expect(asked(own)).toEqual({ unit: "610502000000/water", from: "2026-09-01", to: "2026-09-30" });
  const odd = readBoardQuery({ period: "own", from: "2026-09-31x", to: "2026-09-01" }, last);
  expect([odd.period, nDays(odd.days)]).toEqual(["recent", 30]);
  expect(writeBoardQuery(odd)).toEqual({});
});

it("says what is wrong with days that were typed", () => {
  expect(faultOf({ from: "", to: "2026-09-01" })).toBe("missing");
  expect(faultOf({ from: "2026-09-02", to: "2026-09-01" })).toBe("order");
  expect(faultOf({ from: "2026-09-01", to: "2026-09-01" })).toBeNull();
});
