/**
 * The order of the action bar: what is most likely wanted stands as buttons, everything else in one menu of four groups. What
 * is offered is the server's decision; only where it stands is decided here.
 */
import type { Action, ActionOffer } from "@shared/api/types";

export const GROUPS = ["work", "together", "time", "other"] as const;
export type Group = (typeof GROUPS)[number];

const GROUP_OF: Record<Action, Group> = {
  report: "work",
  accept: "work",
  dispatch: "work",
  take: "work",
  comment: "work",
  urge: "work",
  ask: "work",
  answer: "work",
  settle: "work",
  verify: "work",
  reject: "work",
  rate: "work",
  reopen: "work",
  escalate: "work",
  hand_on: "work",
  rule: "work",
  follow: "work",
  follow_up: "work",
  split: "together",
  merge: "together",
  unmerge: "together",
  call_help: "together",
  whistle: "together",
  hand_out: "together",
  open_force: "together",
  assign_task: "together",
  minute: "together",
  close_force: "together",
  mediate: "together",
  conclude: "together",
  ask_extension: "time",
  grant_extension: "time",
  refuse_extension: "time",
  ask_suspension: "time",
  suspend: "time",
  refuse_suspension: "time",
  resume: "time",
  supervise: "time",
  send_back: "other",
  object: "other",
  close: "other",
  ask_exclusion: "other",
  exclude: "other",
  refuse_exclusion: "other",
  set_privacy: "other",
};

/** Answers to a pending request: they stand beside the request, not in the bar. */
const ANSWERS: ReadonlySet<Action> = new Set(["grant_extension", "refuse_extension", "suspend", "refuse_suspension", "exclude", "refuse_exclusion"]);
/** What stands as a button after the primary ones while there is room, the likeliest first. */
const LIKELY: readonly Action[] = ["reject", "dispatch", "comment", "follow_up", "ask", "hand_on", "escalate"];
/** Buttons that one takes in at a glance. */
const ROOM = 4;

export interface Arranged {
  front: ActionOffer[];
  menu: { group: Group; offers: ActionOffer[] }[];
}

/** The two answers to what is pending, as far as they are offered. */
export function answersAmong(offers: readonly ActionOffer[]): ActionOffer[] {
  return offers.filter((offer) => ANSWERS.has(offer.verb));
}

export function arrange(offers: readonly ActionOffer[]): Arranged {
  const all = offers.filter((offer) => !ANSWERS.has(offer.verb));
  const primary = all.filter((offer) => offer.tone === "primary");
  const likely = LIKELY.flatMap((verb) => all.filter((offer) => offer.verb === verb && offer.tone !== "primary"));
  let front = [...primary, ...likely].slice(0, Math.max(primary.length, ROOM));
  // A menu of a single entry hides more than it tidies.
  if (all.length <= ROOM + 1) front = [...primary, ...all.filter((offer) => offer.tone !== "primary")];
  const isFront = new Set(front.map((offer) => offer.verb));
  const rest = all.filter((offer) => !isFront.has(offer.verb));
  const menu = GROUPS.map((group) => ({ group, offers: rest.filter((offer) => GROUP_OF[offer.verb] === group) }));
  return { front, menu: menu.filter(({ offers: some }) => some.length > 0) };
}
