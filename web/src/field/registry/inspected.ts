/** What the phone knows of today's inspection of a record: what was sent from here, or the duty that it did. Pure. */
import { plainTime } from "@shared/lib/time";
import type { Duty, Entry, RecordInspection } from "../phone/types";

export interface Inspected {
  /** The key of the sentence. */
  key: string;
  n: number;
}

const dayOf = (iso: string): string => plainTime(iso).slice(0, 10);

function nFound({ command }: Entry): number {
  const { answers } = command.payload as unknown as RecordInspection;
  return answers.filter(({ answer }) => answer === "finding").length;
}

export function inspectedToday(recordId: string, entries: readonly Entry[], duties: readonly Duty[], nowIso: string): Inspected | null {
  const today = dayOf(nowIso);
  const own = entries.filter(({ command, state }) => state !== "rejected" && command.type === "inspection.record" && command.payload.record_id === recordId && dayOf(command.captured_at) === today).at(-1);
  if (own !== undefined) {
    const n = nFound(own);
    return { key: n > 0 ? "field.registry.inspectedFound" : "field.registry.inspectedFine", n };
  }
  // What was found is not told by a duty.
  const isDone = duties.some(({ target, evidence, last_at }) => target?.record_id === recordId && evidence.every((one) => one === "inspection") && last_at != null && dayOf(last_at) === today);
  return isDone ? { key: "field.registry.inspected", n: 0 } : null;
}
