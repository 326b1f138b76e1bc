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
