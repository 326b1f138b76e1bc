import { describe, expect, it } from "vitest";
import { readAmount, readBook, readEffect, readFlows, readHost } from "./read";

const answer = {
  findings: [],
  calendar: { years: [2026], missing: [2027] },
  playbook: {
  id: "base",
  name: "base",
  version: "0",
  categories: [],
  responsibilities: [],
  units: [],
  deadlines: [],
  flows: [
    {
      kind: "request",
      start: "a",
      stages: [
        { id: "a", name: "First", public_name: "Got it", phase: "open" },
        { id: "b", name: "Second", public_name: "Done", phase: "closed" },
      ],
      actions: [
        { verb: "take", name: "Take", from: ["a"], to: "b", who: [{ relation: "seat", roles: ["grid_worker"] }], effects: ["meet sign"] },
        { verb: "comment", name: "Note", from: ["a", "b"], who: [] },
      ],
    },
  ],
  },
};
const playbook = readBook(answer);

describe("reading a playbook", () => {
  it("finds the calendar beside the playbook", () => {
    expect([playbook.id, playbook.calendar.missing]).toEqual(["base", [2027]]);
  });

  it("survives an answer of another shape", () => {
    expect(readBook("what").flows).toEqual([]);
  });

  it("puts each action under every stage that it starts from, with the name of where it leads", () => {
    const [flow] = readFlows(playbook);
    expect(flow?.stages.map((stage) => stage.actions.map((action) => action.name))).toEqual([["Take", "Note"], ["Note"]]);
    expect(flow?.stages[0]?.actions[0]?.to).toBe("Second");
  });

  it("understands amounts as written and as stored", () => {
    expect(readAmount("5 working_days")).toEqual({ n: 5, unit: "working_days" });
    expect(readAmount({ n: 30, unit: "minutes" })).toEqual({ n: 30, unit: "minutes" });
    expect(readAmount("soon")).toBeNull();
  });

  it("understands hosts and effects as written and as stored", () => {
    expect([readHost("seat"), readHost("Seat"), readHost({ unit: "property" })]).toEqual(["seat", "seat", "property"]);
    expect([readEffect("start sign"), readEffect({ start: "sign" })]).toEqual(["start sign", "start sign"]);
  });
});
