import { describe, expect, it } from "vitest";
import type { Field } from "@shared/api/types";
import { givenValues, lacksOf } from "./form";

function field(name: string, kind: Field["kind"], required = true): Field {
  const whole = { name, label: name, kind, required, max_len: 200, min: 0, help: null, options: [] };
  return whole;
}

describe("an action's form", () => {
  it("names each part of a reply that is missing", () => {
    const lacks = lacksOf([field("reply", "reply")], { reply: { received: "今天", talked_to: " ", done: "", by_when: "明天" } });
    expect(lacks.map((lack) => lack.field)).toEqual(["reply.talked_to", "reply.done"]);
  });

  it("asks for nothing that is optional", () => {
    expect(lacksOf([field("text", "longtext", false)], {})).toEqual([]);
  });

  it("takes no for an answer", () => {
    expect(lacksOf([field("solved", "boolean")], { solved: false })).toEqual([]);
  });

  it("asks for as many photos as the playbook wants", () => {
    const photos = { ...field("photos", "photos", false), min: 2 };
    expect(lacksOf([photos], { photos: ["a"] })).toMatchObject([{ key: "ui.photosNeeded", n: 2 }]);
    expect(lacksOf([photos], { photos: ["a", "b"] })).toEqual([]);
  });

  it("takes nought stars for none", () => {
    expect(lacksOf([field("stars", "stars")], { stars: 0 }).map((lack) => lack.key)).toEqual(["ui.requiredChoice"]);
  });

  it("sends only what was given and asked for", () => {
    const form = [field("text", "text", false), field("solved", "boolean")];
    expect(givenValues(form, { text: "", solved: false, other: 1 })).toEqual({ solved: false });
  });
});

describe("an action's form with several branches", () => {
  const followUp = [field("reached", "boolean"), field("solved", "boolean"), field("satisfied", "boolean")];

  it("asks and sends what was said only where somebody was reached", () => {
    expect(lacksOf(followUp, { reached: false })).toEqual([]);
    // What was answered before the first answer was changed is not sent.
    expect(givenValues(followUp, { reached: false, solved: true, satisfied: true })).toEqual({ reached: false, solved: false, satisfied: false });
    expect(lacksOf(followUp, { reached: true }).map((lack) => lack.field)).toEqual(["solved", "satisfied"]);
  });

  it("needs a number within its range", () => {
    const days = { ...field("days", "number"), min: 1, max: 10 };
    expect(lacksOf([days], {})).toMatchObject([{ key: "ui.required" }]);
    expect(lacksOf([days], { days: 11 })).toMatchObject([{ key: "ui.number.outside", min: 1, max: 10 }]);
    expect(lacksOf([days], { days: 10 })).toEqual([]);
    expect(givenValues([{ ...days, min: 0 }], { days: 0 })).toEqual({ days: 0 });
  });

  it("needs at least one of several seats", () => {
    expect(lacksOf([field("seats", "seats")], { seats: [] })).toMatchObject([{ key: "ui.requiredChoice" }]);
    expect(givenValues([field("seats", "seats")], { seats: [{ area_code: "610502005007" }] })).toEqual({ seats: [{ area_code: "610502005007" }] });
  });
});
