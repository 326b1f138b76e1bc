import { describe, expect, it } from "vitest";
import { readNarrowed, standsOf, writeNarrowed } from "./types";

const HOME = "610502005007";
const AT = "2026-09-03T02:00:00.000Z";

describe("what the page of facilities is narrowed to", () => {
  it("comes back from the address as it was written", () => {
    const narrowed = { area: `${HOME}003`, kind: "light", standing: "reported" } as const;
    expect(readNarrowed(writeNarrowed(narrowed, HOME), HOME)).toEqual(narrowed);
  });

  it("leaves what is not narrowed out of the address", () => {
    expect(writeNarrowed({ area: HOME, kind: "", standing: "" }, HOME)).toEqual({});
    expect(readNarrowed({}, HOME)).toEqual({ area: HOME, kind: "", standing: "" });
  });

  it("ignores a standing that does not exist", () => {
    expect(readNarrowed({ standing: "worst", kind: ["a", "b"] }, HOME)).toEqual({ area: HOME, kind: "", standing: "" });
  });
});

it("what waits to be mended is said first, also where it is out of use; nothing is said of what is in order but that", () => {
  expect(standsOf({ open_since: AT, is_stopped: true })).toEqual(["reported", "stopped"]);
  expect(standsOf({ open_since: AT, is_stopped: false })).toEqual(["reported"]);
  expect(standsOf({ open_since: null, is_stopped: true })).toEqual(["stopped"]);
  expect(standsOf({ is_stopped: false })).toEqual(["fine"]);
});
