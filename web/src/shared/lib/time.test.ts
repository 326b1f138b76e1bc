import { describe, expect, it } from "vitest";
import { dayPhrase, distancePhrase, plainTime, weekdayName, whenPhrase } from "./time";

const NOON = new Date("2026-10-09T04:00:00.000Z"); // 12:00 in Shanghai

describe("times in the city's zone", () => {
  it("says today for a moment of the same Shanghai day, though UTC is still yesterday", () => {
    expect(whenPhrase("2026-10-08T16:30:00.000Z", NOON)).toMatchObject({ key: "time.today", params: { time: "00:30" } });
  });

  it("says yesterday just before Shanghai midnight", () => {
    expect(whenPhrase("2026-10-08T15:59:00.000Z", NOON)).toMatchObject({ key: "time.yesterday", params: { time: "23:59" } });
  });

  it("says tomorrow across the end of a year", () => {
    const eve = new Date("2026-12-31T04:00:00.000Z");
    expect(whenPhrase("2027-01-01T02:00:00.000Z", eve).key).toBe("time.tomorrow");
  });

  it("gives the year only when it is another one", () => {
    expect(whenPhrase("2026-10-20T10:00:00.000Z", NOON)).toEqual({
      key: "time.thisYear",
      params: { year: 2026, month: 10, day: 20, time: "18:00" },
    });
    expect(whenPhrase("2027-03-01T00:00:00.000Z", NOON).key).toBe("time.otherYear");
    expect(dayPhrase("2027-03-01T00:00:00.000Z", NOON).key).toBe("time.otherYearDay");
  });

  it("counts what is left and what is over in the largest fitting unit", () => {
    expect(distancePhrase("2026-10-09T06:30:00.000Z", NOON)).toEqual({ key: "time.leftHours", params: { n: 2 } });
    expect(distancePhrase("2026-10-06T03:00:00.000Z", NOON)).toEqual({ key: "time.overDays", params: { n: 3 } });
    expect(distancePhrase("2026-10-09T03:59:50.000Z", NOON)).toEqual({ key: "time.overMinutes", params: { n: 1 } });
  });

  it("says the day of the week of the city, in the reader's language", () => {
    expect(["zh-CN", "zh-TW", "en"].map((locale) => weekdayName("2026-10-08T16:30:00.000Z", locale))).toEqual(["周五", "週五", "Fri"]);
  });

  it("writes a plain time that a reply can carry", () => {
    expect(plainTime("2026-10-09T10:05:00.000Z")).toBe("2026-10-09 18:05");
  });
});
