import { beforeEach, expect, it } from "vitest";
import { forgetCalls, hasUnfinishedCalls, useCalls } from "./useCalls";

beforeEach(forgetCalls);

it("keeps a call that was broken off and lets it go on", () => {
  const { call, parked, next, resume } = useCalls("a", "hotline");
  call.value.text = "路灯不亮";
  next();
  expect([call.value.text, parked.value.map((one) => one.text)]).toEqual(["", ["路灯不亮"]]);
  call.value.text = "井盖松了";
  resume(parked.value[0]?.key ?? "");
  expect([call.value.text, parked.value.map((one) => one.text)]).toEqual(["路灯不亮", ["井盖松了"]]);
});

it("keeps nothing of a call that is done or in which nothing was said", () => {
  const { call, parked, next, finish } = useCalls("a", "phone");
  next();
  expect(parked.value).toEqual([]);
  call.value.phone = "19900000001";
  finish();
  expect([call.value.phone, hasUnfinishedCalls()]).toEqual(["", false]);
});

it("shows another person nothing of it", () => {
  useCalls("a", "phone").call.value.text = "路灯不亮";
  expect(useCalls("b", "phone").call.value.text).toBe("");
});
