import { expect, it } from "vitest";
import { askedOf, attemptKey, reportBody, sameOf, type ReportDraft } from "./draft";
import { looksLikePhone } from "@shared/lib/phone";
import { spaced } from "./code";

const draft = (change: Partial<ReportDraft> = {}): ReportDraft => ({
  text: " 路灯不亮 ",
  photos: [],
  category: null,
  where: { by: "point", point: { lon: 109.5, lat: 34.5 }, name: "" },
  address: "",
  phone: "199 0000 5678",
  name: "",
  same: null,
  attempt: null,
  savedAt: 0,
  ...change,
});

it("sends only what was given, with the phone as digits", () => {
  expect(JSON.parse(JSON.stringify(reportBody(draft())))).toEqual({
    text: "路灯不亮",
    point: { lon: 109.5, lat: 34.5 },
    phone: "19900005678",
  });
});

it("keeps the key of an attempt until the report changes", () => {
  const one = draft();
  const key = attemptKey(one, reportBody(one));
  expect(attemptKey(one, reportBody(one))).toBe(key);
  one.text = "路灯还是不亮";
  expect(attemptKey(one, reportBody(one))).not.toBe(key);
});

it("follows a known matter as long as the report says the same of the same place", () => {
  const one = draft();
  one.same = { token: "sealed", name: "路灯不亮 · 红旗社区", asked: JSON.stringify(askedOf(one)) };
  expect(reportBody(one).same_as).toBe("sealed");
  expect(sameOf({ ...one, phone: "" })?.token).toBe("sealed");
  expect(sameOf({ ...one, text: "楼道堆了杂物" })).toBeNull();
  expect(reportBody({ ...one, where: { by: "point", point: { lon: 109.6, lat: 34.5 }, name: "" } }).same_as).toBeUndefined();
});

it("accepts mobiles and land lines, and nothing shorter", () => {
  expect(["19900005678", "+86 199 0000 5678", "0913-2012345"].every(looksLikePhone)).toBe(true);
  expect(["1990000", "12345", "199000056789", "电话"].some(looksLikePhone)).toBe(false);
});

it("writes a code in groups that can be read aloud", () => {
  expect(spaced("WN4198697914")).toBe("WN41 9869 7914");
});
