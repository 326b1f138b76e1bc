/** What the server said when it refused a command. */
import type { Problem } from "@shared/api/types";
import type { Entry } from "./types";

export interface Refusal {
  problem: Problem;
  /** How what it was about stands now, in words. */
  stands: string | null;
  /** What is offered now; `null` when it was about nothing that others change. */
  offers: string[] | null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}

const words = (value: unknown, name: string): string => {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
};

export function refusalOf({ command, outcome }: Entry): Refusal | null {
  if (outcome?.status !== "rejected") return null;
  const { problem, current } = outcome;
  const stands = [words(current, "stage_name"), words(current, "seat_name"), words(current, "handler_name")].filter((part) => part !== "").join(" · ");
  const actions = field(current, "actions");
  const verbs = Array.isArray(actions) ? actions.map((action) => words(action, "verb")) : [];
  return { problem: problem as Problem, stands: stands === "" ? null : stands, offers: command.type === "case.act" ? verbs : null };
}
