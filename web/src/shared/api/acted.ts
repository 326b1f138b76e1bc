import type { Acted, Gone } from "./types";

/** Whether a command was done and took the case out of this person's sight. */
export const isGone = (acted: Acted): acted is Gone => "gone" in acted;
