import type { Role, Account } from "../types";

/** Locked after too many wrong passwords, and the time is not over yet. */
export function isLocked(account: Account, now: Date = new Date()): boolean {
  return Boolean(account.locked_until) && new Date(account.locked_until ?? 0) > now;
}

/** The roles that staff may hold; residents need no account. */
export const STAFF_ROLES: readonly Role[] = [
  "grid_worker",
  "grid_head",
  "compound_lead",
  "link_person",
  "community_clerk",
  "street_dispatcher",
  "department_clerk",
  "hotline_clerk",
  "county_leader",
  "auditor",
  "administrator",
];
