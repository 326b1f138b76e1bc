import { expect, it } from "vitest";
import { countText } from "./count";

it("shows a count as it is, and 999+ for what was not counted to its end", () => {
  expect([0, 999, 1_000].map(countText)).toEqual(["0", "999", "999+"]);
});
