import { expect, it } from "vitest";
import { boundsOf } from "./bounds";

it("boxes polygons and points together", () => {
  const square: GeoJSON.Polygon = { type: "Polygon", coordinates: [[[109, 34], [110, 34], [110, 35], [109, 34]]] };
  expect(boundsOf([square, { type: "Point", coordinates: [108.5, 36] }])).toEqual([108.5, 34, 110, 36]);
});

it("knows when there is nothing to box", () => {
  expect(boundsOf([])).toBeNull();
});
