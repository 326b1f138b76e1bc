/** Visits to people in care, for whoever works without a phone of their own: asked of the server, which masks names in lists. */
import { api, unwrap } from "@shared/api/client";
import type { CareItem } from "../phone/merge";

/** @throws ProblemError */
export async function careToVisit(): Promise<CareItem[]> {
  const { items } = await unwrap(api.GET("/api/care", { params: { query: { show: "due" } } }));
  return items.flatMap(({ id, mine, area, name, address, visit_due_at, last_met_at, tried_at }) => {
    if (!mine || !visit_due_at) return [];
    // Nothing of it is kept: it is asked again with every page.
    const body = { area, name, address, wish: null, due_at: visit_due_at, is_visit: true, services: [], last_met_at: last_met_at ?? null, tried_at: tried_at ?? null, version: 0, lease_until: "9999-12-31T00:00:00.000Z" };
    return [{ id, body, called_at: null, pending: [] }];
  });
}
