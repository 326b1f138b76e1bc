export interface AreaProperties {
  code: string;
  name: string;
  n_open?: number;
  n_late?: number;
}

export interface PointProperties {
  id: string;
  /** What the dot says: late is red, soon is amber, open is teal, rest is grey. */
  tone: "late" | "soon" | "open" | "rest";
}

export type AreaFeatures = GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, AreaProperties>;
export type PointFeatures = GeoJSON.FeatureCollection<GeoJSON.Point, PointProperties>;
