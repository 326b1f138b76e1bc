/** The API's shapes of duties. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Colleague = Shapes["Colleague"];
export type DutyDay = Shapes["DutyDay"];
export type DutyGap = Shapes["DutyGap"];
export type DutyGaps = Shapes["DutyGaps"];
export type DutyMonth = Shapes["DutyMonth"];
export type LeaveView = Shapes["LeaveView"];
export type SelfCheckOther = Shapes["SelfCheckOther"];
export type Shift = Shapes["Shift"];
export type ShiftKind = Shapes["ShiftKind"];
export type GatheringKind = Shapes["GatheringKind"];

export const SHIFT_KINDS = ["station", "patrol", "reception", "watch"] as const satisfies readonly ShiftKind[];
/** Shifts at which residents are received: everybody reads of them. The server says the same. */
export const RECEIVING = ["station", "reception"] as const satisfies readonly ShiftKind[];
export const GATHERING_KINDS = ["meeting", "training", "review", "commendation", "reception", "activity"] as const satisfies readonly GatheringKind[];
