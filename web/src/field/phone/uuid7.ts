/** A UUIDv7: its first 48 bits are the time, so that ids made one after the other sort that way. */
export function uuid7(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, "0").slice(-12);
  const hex = Array.from(bytes, (byte, index) => {
    const marked = index === 6 ? (byte & 0x0f) | 0x70 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  }).join("");
  const rest = hex.slice(12);
  return [time.slice(0, 8), time.slice(8, 12), rest.slice(0, 4), rest.slice(4, 8), rest.slice(8)].join("-");
}
