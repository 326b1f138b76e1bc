/** 未诉先办: matters that are proposed to a person before anybody asks: hot spots, and what visits keep coming upon. */
import type { components } from "@shared/api/schema";
import type { Weight } from "@shared/api/types";

export const STANDINGS = ["open", "decided"] as const;
export type Standing = (typeof STANDINGS)[number];
export type Outcome = components["schemas"]["VisitProblem"]["state"];

/** The case that is to be opened. */
export interface OpenWish {
  text: string;
  category?: string;
  weight?: Weight;
}

/** What was decided, by whom. */
export interface Decision {
  at: string;
  by?: string | null;
  case_id?: string | null;
  reason?: string | null;
}
