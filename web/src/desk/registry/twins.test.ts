import { expect, it } from "vitest";
import { problemFrom, ProblemError, unreachable } from "@shared/api/problem";
import { twinOf } from "./twins";

const refused = (body: object): ProblemError => new ProblemError(problemFrom({ title: "x", code: "already_exists", ...body }, 409));

it("a refusal of what seems to be there names the record", () => {
  expect(twinOf(refused({ current: { kind: "dwelling", id: "d" } }))).toBe("d");
});

it("any other refusal names none", () => {
  expect(twinOf(refused({}))).toBeNull();
  expect(twinOf(refused({ current: { id: 7 } }))).toBeNull();
  expect(twinOf(refused({ code: "invalid", current: { kind: "dwelling", id: "d" } }))).toBeNull();
  expect(twinOf(unreachable())).toBeNull();
});
