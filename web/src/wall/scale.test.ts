import { describe, expect, it } from "vitest";
import { mapFeatures } from "./scale";
import type { WallArea, WallView } from "./types";

function area(code: string, n_open: number, n_late: number): WallArea {
  return { code, name: code, level: "county", full_name: code, n_open, n_late, has_boundary: true };
}
function view(children: WallArea[]): WallView {
  const outline = { type: "Polygon", coordinates: [[[109, 34], [110, 34], [110, 35], [109, 34]]] };
  return {
    area: { code: "0", name: "city", level: "city", full_name: "city" },
    ancestors: [],
    children,
    figures: [],
    late: [],
    cases: [],
    features: { type: "FeatureCollection", features: children.map(({ code }) => ({ type: "Feature", properties: { code }, geometry: outline })) },
  };
}

describe("the map's colours", () => {
  it("use the whole scale whatever the size of the figures", () => {
    const { features } = mapFeatures(view([area("1", 3000, 0), area("2", 30, 0)]), (one) => one.name);
    expect(features.map((feature) => feature.properties.n_open)).toEqual([60, 1]);
  });

  it("never make an area red that has nothing late", () => {
    const { features } = mapFeatures(view([area("1", 5, 0), area("2", 5, 4)]), (one) => one.name);
    expect(features.map((feature) => feature.properties.n_late)).toEqual([0, 20]);
  });

  it("leave out an outline of an area that is not listed", () => {
    const shown = view([area("1", 5, 0)]);
    shown.children = [];
    expect(mapFeatures(shown, (one) => one.name).features).toEqual([]);
  });
});
