/** The shapes of ledgers as their page uses them. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Ledger = Shapes["Ledger"];
export type Submission = Shapes["Submission"];
export type Burden = Shapes["Burden"];
export type LedgerColumn = Shapes["LedgerColumn"];
export type Rhythm = Shapes["LedgerRhythm"];

export const RHYTHMS = ["month", "week", "quarter", "year", "once"] as const satisfies readonly Rhythm[];
/** Of which records a ledger may be. */
export const KINDS = ["resident", "dwelling", "premises", "firm"] as const;
