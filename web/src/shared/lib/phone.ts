/** Whether this can be called: a Chinese mobile or a land line with area code. The server has the last word. */
export function looksLikePhone(text: string): boolean {
  const digits = text.replace(/[\s()-]/g, "");
  return /^(\+?86)?1\d{10}$/.test(digits) || /^0\d{9,11}$/.test(digits);
}
