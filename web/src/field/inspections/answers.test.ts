import { expect, it } from "vitest";
import type { Photo } from "@shared/ui/photos";
import type { Checklist } from "../phone/types";
import { allFine, answersOf, fits, keptOf, lacks, linesOf, restore } from "./answers";

const LIST = {
  code: "catering",
  name: "餐饮场所安全检查",
  premises: ["catering"],
  items: ["exit", "gas", "hose"].map((code) => ({ code, text: code, weight: "general", within: { n: 1, unit: "working_days" } })),
} as Checklist;
const photo = (id: string | null): Photo => ({ key: "k", previewUrl: "", state: id === null ? "sending" : "sent", id, fault: null, body: new Blob() });

it("is for the kinds of premises that it names", () => {
  expect([fits(LIST, "catering"), fits(LIST, "shop")]).toEqual([true, false]);
});

it("all in order is one tap, and spares what was found before", () => {
  const lines = linesOf(LIST);
  expect(lacks(lines).map(({ item, what }) => `${item}:${what}`)).toEqual(["exit:answer", "gas:answer", "hose:answer"]);
  Object.assign(lines[1] ?? {}, { answer: "finding" });
  allFine(lines);
  expect(lines.map(({ answer }) => answer)).toEqual(["ok", "finding", "ok"]);
  expect(lacks(lines)).toEqual([{ item: "gas", what: "note" }]);
});

it("a finding says what, waits for a photo that is on its way, and asks for none", () => {
  const lines = linesOf(LIST);
  allFine(lines);
  Object.assign(lines[1] ?? {}, { answer: "finding", note: " 没有报警器 ", photos: [photo(null)] });
  expect(lacks(lines)).toEqual([{ item: "gas", what: "photo_under_way" }]);
  Object.assign(lines[1] ?? {}, { photos: [] });
  expect(lacks(lines)).toEqual([]);
  Object.assign(lines[1] ?? {}, { photos: [photo("sha")] });
  expect(answersOf(lines)).toEqual([
    { item: "exit", answer: "ok" },
    { item: "gas", answer: "finding", note: "没有报警器", attachments: ["sha"] },
    { item: "hose", answer: "ok" },
  ]);
});

it("what was written at a line that turned out to be in order stays behind", () => {
  const lines = linesOf(LIST);
  allFine(lines);
  Object.assign(lines[0] ?? {}, { note: "看错了", photos: [photo("sha")] });
  expect(answersOf(lines)[0]).toEqual({ item: "exit", answer: "ok" });
});

it("what was gone through comes back after a tab was killed, without photos that were on their way", () => {
  const lines = linesOf(LIST);
  Object.assign(lines[0] ?? {}, { answer: "finding", note: "堆了货", photos: [photo("sha"), photo(null)] });
  const kept = keptOf("catering", lines, "");
  const again = linesOf({ ...LIST, items: LIST.items.slice(0, 2) });
  restore(again, JSON.parse(JSON.stringify(kept)));
  expect(again.map(({ item, answer, note, photos }) => [item.code, answer, note, photos.length])).toEqual([["exit", "finding", "堆了货", 1], ["gas", null, "", 0]]);
});
