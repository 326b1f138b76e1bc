import { describe, expect, it } from "vitest";
import type { Field, Template } from "@shared/api/types";
import { filled } from "./template";

const field = (name: string, kind: Field["kind"]): Field => ({ name, label: name, kind, required: true, max_len: 200, min: 0, help: null, options: [] });
const template = (title: string, text: string, more: Partial<Template> = {}): Template => ({ verb: "settle", title, text, ...more });
const REPAIRED = template("修好了", "已修好。", { received: "11月1日", talked_to: "当面说明", by_when: "今天" });
const CLEANED = template("清理完了", "已清理。", { received: "11月1日", talked_to: "与住户说明", by_when: "明天" });
const ALL = [REPAIRED, CLEANED];

describe("a text to begin from", () => {
  it("fills the four parts of a reply, and gives way to another one", () => {
    const form = [field("reply", "reply")];
    const first = filled(form, {}, REPAIRED, ALL);
    expect(first).toEqual({ reply: { received: "11月1日", talked_to: "当面说明", done: "已修好。", by_when: "今天" } });
    expect(filled(form, first, CLEANED, ALL)).toEqual({ reply: { received: "11月1日", talked_to: "与住户说明", done: "已清理。", by_when: "明天" } });
  });

  it("keeps what was typed", () => {
    const typed = { reply: { received: "10月9日", talked_to: "与张女士通话", done: "换了灯泡", by_when: "" } };
    expect(filled([field("reply", "reply")], typed, REPAIRED, ALL)).toEqual({
      reply: { received: "10月9日", talked_to: "与张女士通话", done: "换了灯泡\n已修好。", by_when: "今天" },
    });
  });

  it("fills the free text of any other form", () => {
    expect(filled([field("ground", "ground"), field("text", "longtext")], {}, REPAIRED, ALL)).toEqual({ text: "已修好。" });
  });
});
