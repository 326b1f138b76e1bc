/** 意见建议的公开答复, as the desk knows it. */
import type { components } from "@shared/api/schema";

type Schemas = components["schemas"];

export type Opinion = Schemas["Opinion"];
export type CaseOpinion = Schemas["CaseOpinion"];
export type Outcome = Schemas["OpinionOutcome"];

export const OUTCOMES: readonly Outcome[] = ["adopted", "partly", "planned", "explained"];
