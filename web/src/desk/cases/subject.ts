/** What the fields of a form need to know of the case that it is for, or of the cases. */
import type { AreaRef, CaseRow, CaseView } from "@shared/api/types";

export interface Subject {
  /** One for a case; several where one form is for many. */
  ids: readonly string[];
  area: AreaRef;
  category: string | null;
  /** Earlier cases of the same reporter. */
  earlier: readonly CaseRow[];
  reported_at: string;
}

export const subjectOf = (shown: CaseView): Subject => ({
  ids: [shown.id],
  area: shown.area,
  category: shown.category ?? null,
  earlier: shown.reporter.earlier,
  reported_at: shown.reported_at,
});
