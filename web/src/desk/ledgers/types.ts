/** The shapes of ledgers as their page uses them. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Ledger = Shapes["Ledger"];
export type Submission = Shapes["Submission"];
/** What is asked for when a ledger is to be filled. */
export type Wish = Shapes["FillLedger"];
export type Burden = Shapes["Burden"];
export type LedgerColumn = Shapes["LedgerColumn"];
export type Rhythm = Shapes["LedgerRhythm"];

export const RHYTHMS = ["month", "week", "quarter", "year", "once"] as const satisfies readonly Rhythm[];
/** Of which records a ledger may be. */
const RECORDS = ["resident", "dwelling", "premises", "firm", "facility"] as const;
/** Or what was done, in a time that is said when it is filled. */
const DONE = ["visit", "hazard"] as const;
export const KINDS = [...RECORDS, ...DONE] as const;

export const isOfTime = (kind: string): boolean => DONE.some((one) => one === kind);
/** The key of what a ledger is of, in words. */
export const kindKey = (kind: string): string => (isOfTime(kind) ? `desk.ledgers.of.${kind}` : `desk.registry.tab.${kind}`);
