/** The kinds of commands as their owner reads them. A new type adds a line here, and its effect in `merge.ts`. */
import type { IconName } from "@shared/ui/icons";
import type { Entry } from "./types";

const ICONS: Record<string, IconName> = {
  "case.report": "pen",
  "case.act": "forward",
  "visit.record": "place",
  "visit.finding": "flag",
  "inspection.record": "list",
  "care.visit": "home",
  "gathering.record": "person",
};

export const iconOf = (entry: Entry): IconName => ICONS[entry.command.type] ?? "info";

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
      return "field.care.title";
    case "gathering.record":
      return `field.gather.kind.${String(command.payload.kind)}`;
    default:
      return null;
  }
}
