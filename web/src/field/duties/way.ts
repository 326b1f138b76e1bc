/** Which page records what is due. Pure. */
import type { RouteLocationRaw } from "vue-router";
import type { Duty, GatheringKind, VisitKind } from "../phone/types";

type Evidence = Duty["evidence"][number];

export const GATHERING_KINDS = ["meeting", "training", "reception", "activity", "review", "commendation"] as const satisfies readonly GatheringKind[];

export const isGathering = (evidence: Evidence | undefined): evidence is GatheringKind => GATHERING_KINDS.some((kind) => kind === evidence);

/** The kind of record that does: where several do, the first is the one that is meant. */
export function visitKindOf({ evidence, target }: Duty): VisitKind {
  const [first] = evidence;
  if (first === "visit" || first === "inspection") return first;
  return target ? "visit" : "patrol";
}

/** Where a tap on it leads, with kind, place and record known there by its key. */
export function wayOf({ key, evidence, target }: Duty): RouteLocationRaw {
  const [first] = evidence;
  if (first === "inspection" && target) return { name: "inspection", params: { record: target.record_id } };
  if (isGathering(first)) return { name: "gathering", query: { duty: key } };
  return { name: "visits", query: { duty: key } };
}
