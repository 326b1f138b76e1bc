const GROUP = 4;

/** A code in groups of four, for reading aloud. Typed back with the blanks it is still found. */
export function spaced(code: string): string {
  return code.match(new RegExp(`.{1,${GROUP}}`, "g"))?.join(" ") ?? code;
}
