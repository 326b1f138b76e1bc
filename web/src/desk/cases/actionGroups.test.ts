import { describe, expect, it } from "vitest";
import type { Action, ActionOffer } from "@shared/api/types";
import { answersAmong, arrange } from "./actionGroups";

const offer = (verb: Action, tone: ActionOffer["tone"] = "normal"): ActionOffer => ({ verb, tone, name: verb, hint: null, form: [] });
const verbs = (offers: readonly ActionOffer[]): Action[] => offers.map(({ verb }) => verb);

describe("the action bar", () => {
  it("shows few actions all as buttons, the main one first", () => {
    const { front, menu } = arrange([offer("comment"), offer("close", "danger"), offer("take", "primary")]);
    expect(verbs(front)).toEqual(["take", "comment", "close"]);
    expect(menu).toEqual([]);
  });

  it("keeps many in a menu of four groups, and hides none", () => {
    const offers = [
      offer("settle", "primary"),
      ...(["ask", "comment", "dispatch", "hand_on", "escalate", "call_help", "whistle", "split", "ask_extension", "ask_suspension", "set_privacy"] as const).map((verb) => offer(verb)),
      offer("send_back", "danger"),
    ];
    const { front, menu } = arrange(offers);
    expect(verbs(front)).toEqual(["settle", "dispatch", "comment", "ask"]);
    expect(menu.map(({ group, offers: some }) => [group, verbs(some)])).toEqual([
      ["work", ["hand_on", "escalate"]],
      ["together", ["call_help", "whistle", "split"]],
      ["time", ["ask_extension", "ask_suspension"]],
      ["other", ["set_privacy", "send_back"]],
    ]);
    expect(new Set([...verbs(front), ...menu.flatMap((group) => verbs(group.offers))])).toEqual(new Set(verbs(offers)));
  });

  it("leaves the answers to a pending request to the request", () => {
    const offers = [offer("grant_extension", "primary"), offer("refuse_extension"), offer("comment")];
    expect(verbs(answersAmong(offers))).toEqual(["grant_extension", "refuse_extension"]);
    expect(verbs(arrange(offers).front)).toEqual(["comment"]);
  });
});
