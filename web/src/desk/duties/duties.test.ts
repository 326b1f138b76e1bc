import { describe, expect, it } from "vitest";
import { daysBefore, monthBeside } from "./useDuties";

describe("months", () => {
  it("go on over the end of a year", () => {
    expect(monthBeside("2026-12", 1)).toBe("2027-01");
    expect(monthBeside("2026-01", -1)).toBe("2025-12");
    expect(monthBeside("2026-09", 1)).toBe("2026-10");
  });
  it("begin on a Monday in the calendar", () => {
    expect(daysBefore("2026-09-01")).toBe(1);
    expect(daysBefore("2026-06-01")).toBe(0);
    expect(daysBefore("2026-11-01")).toBe(6);
  });
});
