/** The inbox's filters, kept in the address so that a view can be linked, reloaded and gone back to. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Weight } from "@shared/api/types";
import type { BoxKey } from "../types";

export interface CaseQuery {
  box: BoxKey;
  area: string;
  category: string;
  weight: Weight | "";
  q: string;
}

const BOXES: readonly BoxKey[] = [
  "to_accept",
  "to_sign",
  "mine",
  "to_verify",
  "sent_back",
  "came_up",
  "unattended",
  "tasks",
  "to_approve",
  "to_rule",
  "to_follow_up",
  "waiting",
  "suspended",
  "supervised",
  "below",
  "soon",
  "late",
  "all_open",
  "closed",
];
const WEIGHTS: readonly Weight[] = ["micro", "general", "larger", "major"];

export const DEFAULT_BOX: BoxKey = "all_open";

function text(query: LocationQuery, name: string): string {
  const value = query[name];
  return typeof value === "string" ? value : "";
}

/** Reads the filters from an address; what is unknown there is ignored. */
export function readCaseQuery(query: LocationQuery): CaseQuery {
  const box = text(query, "box");
  const weight = text(query, "weight");
  return {
    box: BOXES.find((known) => known === box) ?? DEFAULT_BOX,
    area: text(query, "area"),
    category: text(query, "category"),
    weight: WEIGHTS.find((known) => known === weight) ?? "",
    q: text(query, "q"),
  };
}

/** The address form of the filters: what is unset is left out. */
export function writeCaseQuery(query: CaseQuery): LocationQueryRaw {
  const { box, area, category, weight, q } = query;
  return {
    box,
    ...(area && { area }),
    ...(category && { category }),
    ...(weight && { weight }),
    ...(q && { q }),
  };
}
