/** The shapes of care as its pages use them. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Row = Shapes["CareRow"];
export type List = Shapes["CareList"];
export type Entry = Shapes["CareEntry"];
export type Why = Shapes["CareWhy"];
export type Service = Shapes["CareServiceView"];
export type Package = Shapes["CarePackageView"];
export type Look = Shapes["CareLook"];
export type Rules = Shapes["CareRules"];
export type Act = Shapes["CareAct"];
export type Code = Shapes["CareCode"];
export type Figures = Shapes["CareFigures"];
export type Met = Shapes["CareMet"];
export type Mute = Shapes["CareMute"];
export type EndReason = Shapes["CareEndReason"];
export type ConsentHow = Shapes["CareConsentHow"];

export const SHOWS = ["due", "services", "review", "still", "all"] as const;
export type Show = (typeof SHOWS)[number];
export const METS = ["done", "called", "not_home", "asked_not_to_come"] as const satisfies readonly Met[];
export const MUTES = ["in_hospital", "moved_away", "deceased"] as const satisfies readonly Mute[];
export const ENDS = ["left", "no_longer_needed", "deceased", "mistake"] as const satisfies readonly EndReason[];
export const HOWS = ["written", "spoken", "phone"] as const satisfies readonly ConsentHow[];

export type ServiceAct = Extract<Act["act"], "want" | "decline" | "arrange" | "give">;
/** What a dialog asks for before it is sent. */
export type ServiceAsk = { act: "package" } | { act: "arrange" | "give"; service: Service };
/** What may be done with a service as it stands; what was declined is wanted first. */
const SERVICE_ACTS: Record<Service["step"], readonly ServiceAct[]> = {
  offered: ["want", "decline"],
  wanted: ["arrange", "give", "decline"],
  arranged: ["give", "arrange", "decline"],
  declined: ["want"],
  done: ["want"],
};
/** What goes on and has begun is not noted each time. */
export const actsOf = ({ step, standing, next_at }: Service): readonly ServiceAct[] =>
  SERVICE_ACTS[step].filter((act) => !(act === "give" && step === "arranged" && standing && !next_at));
export const SERVICE_TONES: Record<Service["step"], string> = { offered: "grey", wanted: "amber", arranged: "teal", declined: "grey", done: "green" };

export function countOf(list: List, show: Show): number {
  switch (show) {
    case "due":
      return list.n_due;
    case "services":
      return list.n_services;
    case "review":
      return list.n_review;
    case "still":
      return list.n_still;
    case "all":
      return list.n_all;
  }
}
