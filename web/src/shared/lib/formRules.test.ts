import { describe, expect, it } from "vitest";
import type { Field } from "../api/types";
import { askedFields, impliedValues } from "./formRules";

function field(name: string, kind: Field["kind"], required = true): Field {
  return { name, label: name, kind, required, max_len: 0, min: 0, help: null, options: [] };
}
const FOLLOW_UP = [field("reached", "boolean"), field("solved", "boolean"), field("satisfied", "boolean"), field("text", "longtext", false)];
const RULE = [field("upheld", "boolean"), field("seat", "seat", false), field("reason", "longtext")];
const names = (fields: Field[]): string[] => fields.map(({ name }) => name);
const answering = (answers: Record<string, unknown>) => (name: string) => answers[name];

describe("a form of several branches", () => {
  it("asks what the resident said only where somebody was reached", () => {
    expect(names(askedFields(FOLLOW_UP, answering({})))).toEqual(["reached", "text"]);
    expect(names(askedFields(FOLLOW_UP, answering({ reached: false })))).toEqual(["reached", "text"]);
    expect(names(askedFields(FOLLOW_UP, answering({ reached: true })))).toEqual(["reached", "solved", "satisfied", "text"]);
  });

  it("sends no for what nobody could be asked", () => {
    expect(impliedValues(FOLLOW_UP, answering({ reached: false }))).toEqual({ solved: false, satisfied: false });
    expect(impliedValues(FOLLOW_UP, answering({ reached: true }))).toEqual({});
    expect(impliedValues(FOLLOW_UP, answering({}))).toEqual({});
  });

  it("needs another seat where the objection is upheld, and none where it is not", () => {
    const upheld = askedFields(RULE, answering({ upheld: true }));
    expect(upheld.find(({ name }) => name === "seat")?.required).toBe(true);
    expect(names(askedFields(RULE, answering({ upheld: false })))).toEqual(["upheld", "reason"]);
    expect(impliedValues(RULE, answering({ upheld: false }))).toEqual({});
  });

  it("leaves a rating's form alone, where nobody asks whether somebody was reached", () => {
    const rate = [field("solved", "boolean"), field("satisfied", "boolean")];
    expect(names(askedFields(rate, answering({})))).toEqual(["solved", "satisfied"]);
  });
});
