/** 36 characters of UUID v4. `crypto.randomUUID` exists only on https, and a street office may run on plain http. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  }).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * One intention of one person: "send this report", "settle this case". Every attempt carries the same key, so that
 * a retry after a lost answer acts once. A changed content is a new intention.
 */
export class Intention {
  #key = newKey();
  #content = "";

  /** The key for this content: the same as last time unless the content changed. */
  keyFor(content: unknown): string {
    const text = JSON.stringify(content);
    if (this.#content !== "" && this.#content !== text) this.#key = newKey();
    this.#content = text;
    return this.#key;
  }

  /** After success: whatever comes next is another intention, even with equal words. */
  done(): void {
    this.#key = newKey();
    this.#content = "";
  }
}
