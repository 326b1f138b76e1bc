/** What is kept of a record that is being filled in. Pure. */
import type { Values } from "@shared/registry/fields";
import { isFresh } from "../phone/fresh";

export interface KeptRecord {
  /** When it was last changed. */
  at: number;
  /** Where a new one is entered, where that was chosen. */
  area: string;
  /** Only what was changed: what stood there then, and what was typed. */
  fields: Record<string, { was: string; typed: string }>;
}

export function keptOf(known: Values, typed: Values, area: string, at: number): KeptRecord {
  const changed = Object.entries(typed).filter(([key, now]) => now !== (known[key] ?? ""));
  return { at, area, fields: Object.fromEntries(changed.map(([key, now]) => [key, { was: known[key] ?? "", typed: now }])) };
}

export const isWorth = ({ at, fields }: KeptRecord, nowMs: number): boolean => Object.keys(fields).length > 0 && isFresh(at, nowMs);

/** What comes back into a form. Where somebody else changed a field meanwhile, theirs is to be seen first: it stays. */
export function broughtBack(kept: KeptRecord, known: Values, keys: readonly string[]): Record<string, string> {
  const back = Object.entries(kept.fields).filter(([key, { was }]) => keys.includes(key) && was === (known[key] ?? ""));
  return Object.fromEntries(back.map(([key, { typed }]) => [key, typed]));
}
