/** First pause after a failure. Unit: ms. */
export const FIRST_PAUSE_MS = 2_000;
/** Longest pause: a phone that comes back into the net is noticed within it even if no event says so. */
export const LONGEST_PAUSE_MS = 5 * 60_000;
const SPREAD = 0.2;

/** How long to wait after `failures` in a row: doubled each time, and spread so that a whole street does not ask at once. */
export function pauseMs(failures: number, chance: number = Math.random()): number {
  if (failures <= 0) return 0;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return Math.round(pause * (1 - SPREAD + 2 * SPREAD * chance));
}
