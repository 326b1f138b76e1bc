/** The kinds of commands as their owner reads them. A new type adds a line here, its effect in `merge.ts`, and a name in the texts. */
import type { IconName } from "@shared/ui/icons";
import type { Entry } from "./types";

const ICONS: Record<string, IconName> = {
  "case.report": "pen",
  "case.act": "forward",
  "visit.record": "place",
  "visit.finding": "flag",
};

export const iconOf = (entry: Entry): IconName => ICONS[entry.command.type] ?? "info";

const NAMED = ["case.report", "visit.record", "visit.finding"];

/** The key of its name; an act is named by its button, which `told` keeps. */
export const nameKeyOf = (entry: Entry): string | null => (NAMED.includes(entry.command.type) ? `field.command.${entry.command.type.replace(".", "_")}` : null);
