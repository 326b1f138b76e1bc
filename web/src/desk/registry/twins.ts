/** 重复登记: what the server says of a place or a person that seems to be there already. Pure. */
import type { ProblemError } from "@shared/api/problem";

/** The id of the record that a refused one seems to be; `null` when it was refused for something else. */
export function twinOf({ code, problem }: ProblemError): string | null {
  const current: unknown = problem.current;
  if (code !== "already_exists" || typeof current !== "object" || current === null || !("id" in current)) return null;
  return typeof current.id === "string" ? current.id : null;
}
