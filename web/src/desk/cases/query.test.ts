import { describe, expect, it } from "vitest";
import { DEFAULT_BOX, readCaseQuery, writeCaseQuery } from "./query";

describe("the inbox's filters in the address", () => {
  it("come back as they were written", () => {
    const query = { box: "late", area: "610502001001", category: "facility.lamp", weight: "major", q: "路灯" } as const;
    expect(readCaseQuery(writeCaseQuery(query) as Record<string, string>)).toEqual(query);
  });

  it("ignore a box and a weight that do not exist", () => {
    const read = readCaseQuery({ box: "secret", weight: "heavy" });
    expect(read.box).toBe(DEFAULT_BOX);
    expect(read.weight).toBe("");
  });

  it("leave out what is not set", () => {
    expect(writeCaseQuery(readCaseQuery({ box: "mine" }))).toEqual({ box: "mine" });
  });
});
