import { expect, it } from "vitest";
import { gatheringBody, type GatheringDraft } from "./useGathering";

const DRAFT: GatheringDraft = { kind: "meeting", area: "610502005007003", title: " 本周碰头 ", people: ["a"], guests: null, held: "", note: " " };

it("is sent as it was written, and now where no time was", () => {
  expect(gatheringBody(DRAFT)).toEqual({ kind: "meeting", area_code: "610502005007003", title: "本周碰头", attendee_ids: ["a"], n_guests: 0 });
});

it("has its time in the city, wherever the phone is", () => {
  expect(gatheringBody({ ...DRAFT, held: "2026-10-08T09:30", guests: 4, note: "说了停车" })).toMatchObject({ held_at: "2026-10-08T01:30:00.000Z", n_guests: 4, note: "说了停车" });
});
