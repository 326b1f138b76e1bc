/**
 * What a clerk has typed into an action's form, kept while this page is open: closing the form, opening another case
 * or losing a race to a colleague never throws words away. In memory only, because it may hold personal data.
 */
import type { FormValues } from "@shared/api/types";

const drafts = new Map<string, FormValues>();

const keyOf = (caseId: string, verb: string): string => `${caseId}/${verb}`;

export function draftOf(caseId: string, verb: string): FormValues | undefined {
  return drafts.get(keyOf(caseId, verb));
}

export function keepDraft(caseId: string, verb: string, values: FormValues): void {
  drafts.set(keyOf(caseId, verb), values);
}

export function dropDraft(caseId: string, verb: string): void {
  drafts.delete(keyOf(caseId, verb));
}
