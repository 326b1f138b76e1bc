import { expect, it } from "vitest";
import { digestOf, makeKey, open, openKey, PIN_ROUNDS, rewrapKey, seal } from "./crypto";

/** The real number of rounds is held by its own test; the others need not wait for it. */
const FEW = 1_000;
const share = (fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(fill);

it("what was sealed opens with the PIN and the share together, and with neither alone", async () => {
  const { key, wrapped } = await makeKey("482913", share(7), FEW);
  const sealed = await seal(key, "row/case/1", { text: "路灯不亮" });
  const again = await openKey(wrapped, "482913", share(7));
  expect(again).not.toBeNull();
  if (again !== null) expect(await open(again, "row/case/1", sealed)).toEqual({ text: "路灯不亮" });
  expect(await openKey(wrapped, "482914", share(7))).toBeNull();
  expect(await openKey(wrapped, "482913", share(8))).toBeNull();
});

it("a value that was put in another's place, or changed, does not open", async () => {
  const { key } = await makeKey("482913", share(7), FEW);
  const sealed = await seal(key, "row/case/1", "甲");
  await expect(open(key, "row/case/2", sealed)).rejects.toThrow();
  new Uint8Array(sealed.data)[0] = (new Uint8Array(sealed.data)[0] ?? 0) ^ 1;
  await expect(open(key, "row/case/1", sealed)).rejects.toThrow();
});

it("the same text is sealed otherwise each time, and is not in the bytes", async () => {
  const { key } = await makeKey("482913", share(7), FEW);
  const text = "a name that must not be read";
  const [one, two] = await Promise.all([seal(key, "a", text), seal(key, "a", text)]);
  expect(Buffer.from(one.data).equals(Buffer.from(two.data))).toBe(false);
  expect(Buffer.from(one.data).includes("must not be read")).toBe(false);
});

it("a changed PIN opens what was sealed under the old one, and the old one opens nothing any more", async () => {
  const { key, wrapped } = await makeKey("482913", share(7), FEW);
  const sealed = await seal(key, "a", "原来的");
  expect(await rewrapKey(wrapped, "000001", "735190", share(7))).toBeNull();
  const fresh = await rewrapKey(wrapped, "482913", "735190", share(7));
  if (fresh === null) throw new Error("the old PIN was right");
  expect(await openKey(fresh, "482913", share(7))).toBeNull();
  const after = await openKey(fresh, "735190", share(7));
  if (after === null) throw new Error("the new PIN opens");
  expect(await open(after, "a", sealed)).toBe("原来的");
});

it("the key that pages work with cannot be read out", async () => {
  const { key, wrapped } = await makeKey("482913", share(7), FEW);
  expect(key.extractable).toBe(false);
  expect((await openKey(wrapped, "482913", share(7)))?.extractable).toBe(false);
});

it("a PIN is slow to try", async () => {
  expect(PIN_ROUNDS).toBeGreaterThanOrEqual(600_000);
  expect((await makeKey("482913", share(7))).wrapped.rounds).toBe(PIN_ROUNDS);
});

it("a photo is named as the server names it", async () => {
  expect(await digestOf(new TextEncoder().encode("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
