/** What is being typed into the search box, word by word. */

/** A place may be meant by two letters of pinyin or two characters; a number never is one. */
const LEAST = 2;

/** The word that is being typed, if places may be offered for it. */
export function lastWord(typed: string): string | null {
  const word = /\S+$/.exec(typed)?.[0] ?? "";
  if ([...word].length < LEAST || /^[\d\s-]+$/.test(word)) return null;
  return word;
}

/** What was typed before it. */
export function withoutLastWord(typed: string): string {
  return typed.replace(/\S+$/, "").trim();
}
