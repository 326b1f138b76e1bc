/** The shapes of care as its pages use them. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Row = Shapes["CareRow"];
export type List = Shapes["CareList"];
export type Entry = Shapes["CareEntry"];
export type Why = Shapes["CareWhy"];
export type Look = Shapes["CareLook"];
export type Rules = Shapes["CareRules"];
export type Act = Shapes["CareAct"];
export type Code = Shapes["CareCode"];
export type Figures = Shapes["CareFigures"];
export type Met = Shapes["CareMet"];
export type Mute = Shapes["CareMute"];
export type EndReason = Shapes["CareEndReason"];
export type ConsentHow = Shapes["CareConsentHow"];

export const SHOWS = ["due", "review", "still", "all"] as const;
export type Show = (typeof SHOWS)[number];
export const METS = ["done", "not_home", "asked_not_to_come"] as const satisfies readonly Met[];
export const MUTES = ["in_hospital", "moved_away", "deceased"] as const satisfies readonly Mute[];
export const ENDS = ["left", "no_longer_needed", "deceased", "mistake"] as const satisfies readonly EndReason[];
export const HOWS = ["written", "spoken", "phone"] as const satisfies readonly ConsentHow[];

export function countOf(list: List, show: Show): number {
  switch (show) {
    case "due":
      return list.n_due;
    case "review":
      return list.n_review;
    case "still":
      return list.n_still;
    case "all":
      return list.n_all;
  }
}
