import { expect, it } from "vitest";
import { ticked, visitBody } from "./useCareVisit";

const CALL = [{ code: "check_in_call", name: "电话问候" }];

it("says which services were given where somebody was met, and nothing of them elsewhere", () => {
  expect(visitBody("called", " 说腿有点疼 ", ["check_in_call"])).toEqual({ met: "called", note: "说腿有点疼", services: ["check_in_call"] });
  expect(visitBody("done", "", ["check_in_call"])).toEqual({ met: "done", services: ["check_in_call"] });
  expect(visitBody("not_home", "", ["check_in_call"])).toEqual({ met: "not_home" });
  expect(visitBody("asked_not_to_come", "", ["check_in_call"])).toEqual({ met: "asked_not_to_come" });
  expect(visitBody("called", " ", [])).toEqual({ met: "called" });
});

it("whoever is only to call finds ticked what the call is for; whoever goes there ticks what they did", () => {
  expect(ticked({ is_visit: false, services: CALL })).toEqual(["check_in_call"]);
  expect(ticked({ is_visit: true, services: CALL })).toEqual([]);
});
