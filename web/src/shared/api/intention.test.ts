import { expect, it } from "vitest";
import { Intention, newKey } from "./intention";

it("keeps its key for the same content, so that a retry acts once", () => {
  const intention = new Intention();
  expect(intention.keyFor({ text: "灯不亮" })).toBe(intention.keyFor({ text: "灯不亮" }));
});

it("takes a new key for changed content and after success", () => {
  const intention = new Intention();
  const first = intention.keyFor({ text: "灯不亮" });
  const changed = intention.keyFor({ text: "灯不亮了" });
  expect(changed).not.toBe(first);
  intention.done();
  expect(intention.keyFor({ text: "灯不亮了" })).not.toBe(changed);
});

it("makes a version 4 UUID without randomUUID too", () => {
  const original = crypto.randomUUID;
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try {
    expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  } finally {
    Object.defineProperty(crypto, "randomUUID", { value: original, configurable: true });
  }
});
