import type { IconName } from "./icons";

/** What a kind of event looks like; a kind from a newer server is shown as a plain note. */
const ICONS_BY_TYPE: Record<string, IconName> = {
  reported: "pen",
  accepted: "inbox",
  dispatched: "forward",
  taken: "person",
  commented: "message",
  asked: "question",
  answered: "message",
  settled: "check",
  verified: "check",
  rejected: "returned",
  rated: "star",
  reopened: "refresh",
  closed: "check",
  sent_back: "returned",
  escalated: "up",
  handed_on: "forward",
  deadline_breached: "late",
};

export function iconFor(type: string): IconName {
  return ICONS_BY_TYPE[type] ?? "info";
}
