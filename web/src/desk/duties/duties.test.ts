import { describe, expect, it } from "vitest";
import type { AreaRef } from "@shared/api/types";
import { placeNames } from "./places";
import { daysBefore, monthBeside } from "./useDuties";

describe("places of one list", () => {
  const community = "临渭区向阳街道红旗社区";
  const area = (code: string, name: string, within: string, level: AreaRef["level"]): AreaRef => ({ code, name, full_name: `${within}${name}`, level });
  const root = area("610502001001", "红旗社区", "临渭区向阳街道", "community");
  const grids = [area("610502001001001", "第一网格", community, "grid"), area("610502001001003", "第三网格", community, "grid")];
  const micros = [area("61050200100100101", "第一微网格", `${community}第一网格`, "micro_grid"), area("61050200100100301", "第一微网格", `${community}第三网格`, "micro_grid")];

  it("are called by name where that is enough, else with what they lie in", () => {
    expect([...placeNames([root, ...grids, ...micros]).values()]).toEqual(["红旗社区", "第一网格", "第三网格", "第一网格 第一微网格", "第三网格 第一微网格"]);
  });
  it("are told apart when what they lie in is not listed", () => {
    expect([...placeNames([root, ...micros]).values()]).toEqual(["红旗社区", "第一网格第一微网格", "第三网格第一微网格"]);
    expect([...placeNames(micros).values()]).toEqual(micros.map((one) => one.full_name));
  });
});

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
