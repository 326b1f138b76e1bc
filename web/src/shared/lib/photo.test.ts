import { expect, it } from "vitest";
import { LONGEST_SIDE_PX, fitWithin } from "./photo";

it("shrinks the longest side to 1600 px and keeps the shape", () => {
  expect(fitWithin(4032, 3024, LONGEST_SIDE_PX)).toEqual({ width: 1600, height: 1200 });
  expect(fitWithin(3024, 4032, LONGEST_SIDE_PX)).toEqual({ width: 1200, height: 1600 });
});

it("never enlarges a small photo nor makes a side vanish", () => {
  expect(fitWithin(640, 480, LONGEST_SIDE_PX)).toEqual({ width: 640, height: 480 });
  expect(fitWithin(16_000, 2, LONGEST_SIDE_PX)).toEqual({ width: 1600, height: 1 });
});
