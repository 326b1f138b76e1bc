/** The server's share of the key, lent for a while. Measured by the phone's own clock from when it came: that clock may be wrong by days. */
export interface Lease {
  share: Uint8Array<ArrayBuffer>;
  /** When it came, by the phone's clock. Unit: ms. */
  lent_at: number;
  /** For how long. */
  lent_ms: number;
  /** The latest moment that the phone's clock has shown since: set back, it gains nothing. */
  seen_at: number;
}

/** What the server lends at most. A phone that believes an answer of years believes too much. */
export const LONGEST_LEASE_MS = 72 * 3_600_000;

/** How far a clock may go back before the lease is called into question: summer time, a correction by the network. */
const BACK_MS = 26 * 3_600_000;

export function newLease(share: Uint8Array<ArrayBuffer>, lentMs: number, now: number): Lease {
  return { share, lent_at: now, lent_ms: Math.min(Math.max(lentMs, 0), LONGEST_LEASE_MS), seen_at: now };
}

/** Whether the share may still be used. */
export function isRunning(lease: Lease, now: number): boolean {
  if (now < lease.lent_at - BACK_MS || now < lease.seen_at - BACK_MS) return false;
  return Math.max(now, lease.seen_at) < lease.lent_at + lease.lent_ms;
}

export const endsAt = (lease: Lease): number => lease.lent_at + lease.lent_ms;

/** The lease after a look at the clock. */
export const seenAt = (lease: Lease, now: number): Lease => ({ ...lease, seen_at: Math.max(lease.seen_at, now) });
