/** The open cases of a grid and its outline, for the lowest level of the map. */
import { shallowRef, watch, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { AreaRef, CaseRow } from "@shared/api/types";
import { geometryOf } from "@shared/map/outlines";
import type { AreaFeatures, PointFeatures, PointProperties } from "@shared/map/types";

/** More than a grid of 300 households ever has open. */
const MOST_CASES = 100;

function toneOf(row: CaseRow): PointProperties["tone"] {
  switch (row.due_state) {
    case "late":
      return "late";
    case "soon":
      return "soon";
    default:
      return row.phase === "open" ? "open" : "rest";
  }
}

/** A dot for each case that has a place; dots are of matters, never of people. */
export function casePoints(rows: readonly CaseRow[]): PointFeatures {
  const features = rows.flatMap((row): PointFeatures["features"] => {
    if (!row.point) return [];
    const geometry = { type: "Point" as const, coordinates: [row.point.lon, row.point.lat] };
    return [{ type: "Feature", geometry, properties: { id: row.id, tone: toneOf(row) } }];
  });
  return { type: "FeatureCollection", features };
}

async function fetchOutline(area: AreaRef): Promise<AreaFeatures | undefined> {
  const data: unknown = await unwrap(api.GET("/api/areas/{code}/boundary", { params: { path: { code: area.code } } }));
  const geometry = geometryOf(typeof data === "object" && data !== null && "geometry" in data ? data.geometry : null);
  if (geometry === null) return undefined;
  return { type: "FeatureCollection", features: [{ type: "Feature", geometry, properties: { code: area.code, name: area.name } }] };
}

/** Follows `area`; `null` while the shown area has others below it. */
export function useGridCases(area: Ref<AreaRef | null>) {
  const rows = shallowRef<readonly CaseRow[] | null>(null);
  const outline = shallowRef<AreaFeatures | undefined>();
  const failure = shallowRef<ProblemError | null>(null);

  watch(area, async (now, before) => {
    if (now === null) {
      rows.value = null;
      outline.value = undefined;
      return;
    }
    if (now.code !== before?.code) {
      rows.value = null;
      // A grid without a boundary still has its list and its dots.
      outline.value = await fetchOutline(now).catch(() => undefined);
    }
    try {
      const query = { box: "all_open" as const, area: now.code, limit: MOST_CASES };
      const page = await unwrap(api.GET("/api/cases", { params: { query } }));
      if (now.code !== area.value?.code) return;
      rows.value = page.items;
      failure.value = null;
    } catch (error) {
      failure.value = toProblem(error);
    }
  });
  return { rows, outline, failure };
}
