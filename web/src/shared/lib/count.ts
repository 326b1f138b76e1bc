/** The server counts no further than this: so many stand for so many or more. */
export const MOST_COUNTED = 1_000;

/** A count as it is shown: 999+ for what was not counted to its end. */
export function countText(n: number): string {
  return n >= MOST_COUNTED ? `${MOST_COUNTED - 1}+` : String(n);
}
