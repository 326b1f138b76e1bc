import { expect, it } from "vitest";
import type { Duty, Entry } from "../phone/types";
import { inspectedToday } from "./inspected";

const NOW = "2026-10-08T03:00:00.000Z";
const entry = (captured_at: string, answers: string[], state: Entry["state"] = "waiting") =>
  ({ state, command: { type: "inspection.record", captured_at, payload: { record_id: "r", answers: answers.map((answer) => ({ item: "a", answer })) } } }) as unknown as Entry;
const duty = (last_at: string | null, evidence: Duty["evidence"] = ["inspection"]) => ({ target: { record_id: "r", label: "" }, evidence, last_at }) as unknown as Duty;

it("premises that were inspected today say so, and what was found, until it is known no more", () => {
  expect(inspectedToday("r", [entry(NOW, ["ok", "finding"])], [], NOW)).toEqual({ key: "field.registry.inspectedFound", n: 1 });
  expect(inspectedToday("r", [entry(NOW, ["ok"])], [], NOW)).toEqual({ key: "field.registry.inspectedFine", n: 0 });
  expect(inspectedToday("r", [], [duty(NOW)], NOW)).toEqual({ key: "field.registry.inspected", n: 0 });
});

it("another day, another record, a refusal and what may have been a visit are no inspection of today", () => {
  expect(inspectedToday("r", [entry("2026-10-07T03:00:00.000Z", ["ok"])], [duty("2026-10-07T03:00:00.000Z")], NOW)).toBeNull();
  expect(inspectedToday("s", [entry(NOW, ["ok"])], [duty(NOW)], NOW)).toBeNull();
  expect(inspectedToday("r", [entry(NOW, ["ok"], "rejected")], [duty(NOW, ["inspection", "visit"]), duty(null)], NOW)).toBeNull();
});
