import { expect, it } from "vitest";
import { areaLabels, middleOf, withRoom } from "./labels";
import type { AreaFeatures } from "./types";

/** A C whose middle lies in its own bay. */
const CRESCENT: GeoJSON.Polygon = {
  type: "Polygon",
  coordinates: [[[109, 34], [110, 34], [110, 34.2], [109.2, 34.2], [109.2, 34.8], [110, 34.8], [110, 35], [109, 35], [109, 34]]],
};

it("writes the name of a crescent on the crescent, not in its bay", () => {
  const middle = middleOf(CRESCENT);
  const inBay = middle !== null && middle.lon > 109.2 && middle.lat > 34.2 && middle.lat < 34.8;
  expect(inBay).toBe(false);
});

it("writes the name of a plain area in its middle", () => {
  const square: GeoJSON.Polygon = { type: "Polygon", coordinates: [[[109, 34], [110, 34], [110, 35], [109, 35], [109, 34]]] };
  expect(middleOf(square)).toEqual({ lon: 109.5, lat: 34.5 });
});

it("lets what is late be read first", () => {
  const feature = (name: string, n_open: number, n_late: number): AreaFeatures["features"][number] => ({ type: "Feature", geometry: CRESCENT, properties: { code: name, name, n_open, n_late } });
  const features: AreaFeatures = { type: "FeatureCollection", features: [feature("calm", 50, 0), feature("late", 2, 1), feature("", 9, 9)] };
  expect(areaLabels(features).map(({ text }) => text)).toEqual(["late", "calm"]);
});

it("gives no room to a label that would cover an earlier one", () => {
  const box = (x: number): { x: number; y: number; width: number; height: number } => ({ x, y: 0, width: 40, height: 16 });
  expect(withRoom([box(0), box(30), box(60)])).toEqual([true, false, true]);
});
