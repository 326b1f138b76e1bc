/** The API's shapes of inspections. */
import type { components, paths } from "@shared/api/schema";

type Shapes = components["schemas"];

export type AnswerWord = Shapes["AnswerWord"];
export type Checklist = Shapes["Checklist"];
export type Hazard = paths["/api/hazards"]["get"]["responses"]["200"]["content"]["application/json"]["items"][number];
export type Inspection = Shapes["Inspection"];
export type KeyPremises = Shapes["KeyPremises"];
export type KeyPremisesList = Shapes["KeyPremisesList"];

export const ANSWERS = ["ok", "finding", "not_applicable"] as const satisfies readonly AnswerWord[];
export const TABS = ["premises", "hazards", "records"] as const;
export type Tab = (typeof TABS)[number];
