import { expect, it } from "vitest";
import { lastWord, withoutLastWord } from "./searchWords";

it("offers places for the word that is being typed", () => {
  expect(lastWord("路灯 hqsq")).toBe("hqsq");
  expect(lastWord("红旗")).toBe("红旗");
});

it("offers none for a number, a single letter or nothing", () => {
  for (const typed of ["", "路灯 ", "h", "12345", "610502-2026-000012", "𠮷"]) expect(lastWord(typed)).toBeNull();
});

it("keeps the words before the one that became a place", () => {
  expect(withoutLastWord("路灯 不亮 hqsq")).toBe("路灯 不亮");
  expect(withoutLastWord("hqsq")).toBe("");
});
