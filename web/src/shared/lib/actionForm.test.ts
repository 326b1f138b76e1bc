import { describe, expect, it } from "vitest";
import type { ActionOffer, Field } from "../api/types";
import { emptyDraft, faultsOf, seatKey, valuesOf } from "./actionForm";

const field = (name: string, kind: Field["kind"], required = true): Field => ({
  name,
  label: name,
  kind,
  required,
  min: 0,
  max_len: 10,
  help: null,
  options: [],
});
const offer = (...form: Field[]): ActionOffer => ({ verb: "settle", name: "办结", tone: "primary", hint: null, form });
const t = (key: string): string => key;

describe("forms drawn from an offer", () => {
  it("fills the received time of a reply in from the record", () => {
    const draft = emptyDraft(offer(field("reply", "reply")), "2026年10月9日18:05");
    expect(draft.replies.reply).toEqual({ received: "2026年10月9日18:05", talked_to: "", done: "", by_when: "" });
  });

  it("names each missing part of a reply by itself", () => {
    const settle = offer(field("reply", "reply"));
    const faults = faultsOf(settle.form, emptyDraft(settle, "2026年10月9日18:05"), {}, t);
    expect(faults.map((fault) => fault.field)).toEqual(["reply.talked_to", "reply.done", "reply.by_when"]);
  });

  it("sends nothing for what was left empty", () => {
    const rate = offer(field("stars", "stars", false), field("text", "longtext", false), field("solved", "boolean", false));
    expect(valuesOf(rate.form, emptyDraft(rate, null), {})).toEqual({});
    expect(faultsOf(rate.form, emptyDraft(rate, null), {}, t)).toEqual([]);
  });

  it("sends booleans, stars, seats and photos as the server wants them", () => {
    const all = offer(field("solved", "boolean"), field("stars", "stars"), field("seat", "seat"), field("photos", "photos"));
    const draft = emptyDraft(all, null);
    draft.choices.solved = "no";
    draft.stars.stars = 2;
    draft.choices.seat = seatKey("610502001001", "property");
    expect(valuesOf(all.form, draft, { photos: ["a", "b"] })).toEqual({
      solved: false,
      stars: 2,
      seat: { area_code: "610502001001", unit_code: "property" },
      photos: ["a", "b"],
    });
  });

  it("asks for a required photo and counts characters, not bytes", () => {
    const all = offer(field("photos", "photos"), field("text", "text"));
    const draft = emptyDraft(all, null);
    draft.texts.text = "这句话一共有十个字呀";
    expect(faultsOf(all.form, draft, {}, t).map((fault) => fault.field)).toEqual(["photos"]);
    draft.texts.text += "！";
    expect(faultsOf(all.form, draft, { photos: ["a"] }, t)).toEqual([{ field: "text", code: "too_long", message: "ui.tooLongField" }]);
  });
});
