/** Whether a record that is on its way does for something that is due: what the server says of records, as far as a phone can know it. Pure. */
import type { Command, Duty, RecordGathering, RecordVisit } from "./types";

type Evidence = Duty["evidence"][number];

/** Its days are here and it is not done. */
export const isOpenDuty = ({ state }: Duty): boolean => state !== "done";

/** Somebody in care was called: nobody went there, and no record of a visit comes of it. */
export const isCall = ({ type, payload }: Pick<Command, "type" | "payload">): boolean => type === "care.visit" && payload.met === "called";

/** A door was stood at and nobody was there: the home is still to be visited. */
const isUnmet = ({ payload }: Command): boolean => payload.met === false || payload.met === "not_home";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function shows(evidence: Evidence, { type, payload }: Command): boolean {
  if (type === "inspection.record") return evidence === "inspection" || evidence === "any";
  if (type === "gathering.record") return evidence === (payload as unknown as RecordGathering).kind || evidence === "any";
  if (type === "care.visit") return evidence === "visit" || evidence === "any";
  if (type !== "visit.record" && type !== "visit.finding") return false;
  const { kind, companions } = payload as unknown as RecordVisit;
  if (evidence === "joint_patrol") return kind === "patrol" && (companions ?? []).length > 0;
  return evidence === kind || evidence === "any";
}

/** Whether a record that names an area is of the place for which something is due. One that names none may be: the server finds out. */
function isThere({ area }: Duty, { payload }: Command): boolean {
  const code = textOf(payload.area_code);
  return code === "" || code.startsWith(area.code) || area.code.startsWith(code);
}

export function counts(duty: Duty, command: Command): boolean {
  if (duty.state === "coming" || isCall(command) || !duty.evidence.some((evidence) => shows(evidence, command))) return false;
  const { target } = duty;
  return target ? command.payload.record_id === target.record_id && !isUnmet(command) : isThere(duty, command);
}
