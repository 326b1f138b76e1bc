/** West, south, east, north in degrees. */
export type Bounds = [number, number, number, number];

function walk(value: unknown, visit: (lon: number, lat: number) => void): void {
  if (!Array.isArray(value)) return;
  const [lon, lat] = value as unknown[];
  if (typeof lon === "number" && typeof lat === "number") visit(lon, lat);
  else for (const part of value) walk(part, visit);
}

/** The box around all given geometries, or `null` when there is nothing to go by. */
export function boundsOf(geometries: readonly GeoJSON.Geometry[]): Bounds | null {
  let bounds: Bounds | null = null;
  const visit = (lon: number, lat: number): void => {
    bounds =
      bounds === null
        ? [lon, lat, lon, lat]
        : [Math.min(bounds[0], lon), Math.min(bounds[1], lat), Math.max(bounds[2], lon), Math.max(bounds[3], lat)];
  };
  for (const geometry of geometries) {
    if (geometry.type === "GeometryCollection") continue;
    walk(geometry.coordinates, visit);
  }
  return bounds;
}
