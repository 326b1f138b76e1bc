/** The kinds of commands as their owner reads them. A new type adds a line here, and its effect in `merge.ts`. */
import type { RouteLocationRaw } from "vue-router";
import type { IconName } from "@shared/ui/icons";
import { isCall } from "./counts";
import type { View } from "./merge";
import type { Entry } from "./types";

const ICONS: Record<string, IconName> = {
  "case.report": "pen",
  "case.act": "forward",
  "visit.record": "place",
  "visit.finding": "flag",
  "inspection.record": "list",
  "care.visit": "home",
  "gathering.record": "person",
  "registry.enter": "plus",
  "registry.change": "pen",
  "registry.confirm": "check",
};

export const iconOf = ({ command }: Entry): IconName => (isCall(command) ? "phone" : (ICONS[command.type] ?? "info"));

/** The key of its name; an act is named by its button, which `told` keeps. */
export function nameKeyOf({ command }: Entry): string | null {
  switch (command.type) {
    case "case.report":
      return "field.note.title";
    case "visit.finding":
      return "field.visits.found";
    case "visit.record":
      return `field.visits.kind.${String(command.payload.kind)}`;
    case "inspection.record":
      return "field.visits.kind.inspection";
    case "care.visit":
      // A call is named by its button too.
      return isCall(command) ? null : "field.care.title";
    case "gathering.record":
      return `field.gather.kind.${String(command.payload.kind)}`;
    case "registry.enter":
      return `field.registry.enter.${String(command.payload.kind)}`;
    case "registry.change":
      return "field.registry.told.change";
    case "registry.confirm":
      return "field.registry.told.confirm";
    default:
      return null;
  }
}

/** The page of what a command was about, if it is on this phone. */
export function pageOf({ command }: Entry, view: View): RouteLocationRaw | null {
  const id = command.entity_id ?? "";
  if (command.type === "case.act") return view.cases.has(id) ? { name: "case", params: { id } } : null;
  const row = view.records.get(id)?.row;
  return row === undefined ? null : { name: "record", params: { kind: row.kind, id } };
}
