import type { ProblemError } from "../api/problem";
import { UNREACHABLE, UNREADABLE } from "../api/problem";
import type { ErrorLine } from "./ErrorSummary.vue";

type Translate = (key: string) => string;

/** One sentence for people: the server's own words where it answered, ours where it could not be reached. */
export function problemText(error: ProblemError, t: Translate): string {
  if (error.code === UNREACHABLE || error.code === UNREADABLE) return t(`problem.${error.code}`);
  const { title, detail } = error.problem;
  if (detail) return detail;
  return title === "" ? t("problem.unexpected") : title;
}

/** Lines for an error summary: one for each named field, or one for the whole. `idOf` gives a field's control id. */
export function problemLines(error: ProblemError, t: Translate, idOf: (field: string) => string): ErrorLine[] {
  if (error.fields.length === 0) return [{ message: problemText(error, t) }];
  return error.fields.map((field) => ({ target: idOf(field.field), message: field.message }));
}
