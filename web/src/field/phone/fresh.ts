/** How long what was begun is kept. Pure. */

/** It may be about people: what was left for so long is let go. Unit: ms. */
export const KEPT_MS = 72 * 3_600_000;

/** A clock that was set back counts as long. */
export const isFresh = (at: number, nowMs: number): boolean => Math.abs(nowMs - at) < KEPT_MS;
