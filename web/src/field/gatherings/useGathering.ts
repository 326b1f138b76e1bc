/** A meeting, a training, a reception: written down once for everybody who was there. On the phone when it is open, else at the server. */
import { computed, reactive, shallowRef, watch, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { AreaRef } from "@shared/api/types";
import { recallJson, rememberJson } from "@shared/lib/storage";
import { isGathering } from "../duties/way";
import { begunForms, useGoingOn, type GoingOn } from "../phone/begun";
import { given, useDoing, wordsOf, type Doing } from "../phone/doing";
import { isOpen, knownColleagues } from "../phone/phone";
import * as server from "../phone/server";
import type { Colleague, Duty, GatheringKind, RecordGathering } from "../phone/types";
import { useMe } from "../session";

export interface GatheringDraft {
  kind: GatheringKind;
  area: string;
  title: string;
  people: readonly string[];
  guests: number | null;
  /** In the city's time, as a browser's own field has it; empty for now. */
  held: string;
  note: string;
}

export interface Gathering {
  draft: GatheringDraft;
  areas: ComputedRef<AreaRef[]>;
  /** `null` while they are not known. */
  colleagues: ComputedRef<Colleague[] | null>;
  /** Who was there the last time, as far as they still work here. */
  last: ComputedRef<string[]>;
  doing: Doing;
  going: Pick<GoingOn, "back" | "looking" | "startOver">;
  save: () => Promise<boolean>;
}

const gatherings = begunForms<GatheringDraft>("gatherings", ["title", "people", "guests", "held", "note"]);
/** Ids of accounts, without a name. */
const LAST = "linli.attendees";
const isIds = (value: unknown): value is string[] => Array.isArray(value) && value.every((id) => typeof id === "string");
/** The city's time. */
const ZONE = "+08:00";

/** What is sent. Pure. */
export function gatheringBody(draft: GatheringDraft): RecordGathering {
  return {
    kind: draft.kind,
    area_code: draft.area,
    title: draft.title.trim(),
    attendee_ids: [...draft.people],
    n_guests: draft.guests ?? 0,
    ...(given(draft.note) === undefined ? {} : { note: given(draft.note) }),
    ...(draft.held === "" ? {} : { held_at: new Date(`${draft.held}:00${ZONE}`).toISOString() }),
  };
}

/** `about` names the duty for which it was opened, before that is known. */
export function useGathering(about: string, duty: () => Duty | null): Gathering {
  const me = useMe();
  const doing = useDoing();
  const all = shallowRef<Colleague[] | null>(null);
  /** As the page is opened. */
  function fresh(): GatheringDraft {
    const wanted = duty();
    const area = wanted?.area.code ?? me.value?.home_area?.code ?? "";
    return { kind: wanted?.evidence.find(isGathering) ?? "meeting", area, title: wanted?.name ?? "", people: [], guests: null, held: "", note: "" };
  }
  const draft = reactive(fresh());
  const { drop, anew: _, ...going } = useGoingOn(gatherings, about, draft, fresh);

  // Nobody is known where nobody was ever asked: then the record counts for its writer.
  (isOpen() ? knownColleagues() : server.colleagues()).then(
    (found) => (all.value = found),
    () => (all.value = []),
  );
  const colleagues = computed(() => all.value?.filter(({ id }) => id !== me.value?.id) ?? null);
  const areas = computed(() => {
    const own = me.value?.grants.map(({ area }) => area) ?? [];
    const wanted = duty()?.area;
    return [...new Map([...(wanted === undefined ? [] : [wanted]), ...own].map((area) => [area.code, area])).values()];
  });
  const last = computed(() => (recallJson(LAST, isIds) ?? []).filter((id) => colleagues.value?.some((one) => one.id === id)));

  // What it was opened for may be known later.
  watch(
    () => duty()?.key,
    () => {
      const { kind, area, title } = fresh();
      if (duty() !== null) Object.assign(draft, { kind, area, title: draft.title === "" ? title : draft.title });
    },
  );

  async function save(): Promise<boolean> {
    const body = gatheringBody(draft);
    const isDone = await doing.run(
      {
        type: "gathering.record",
        entity_id: null,
        base_version: null,
        payload: { ...body },
        attachments: [],
        told: { title: body.title, place: areas.value.find(({ code }) => code === draft.area)?.name ?? "", written: wordsOf(draft.title, draft.note) },
      },
      (header) => unwrap(api.POST("/api/gatherings", { params: { header }, body })),
    );
    if (!isDone) return false;
    drop();
    if (draft.people.length > 0) rememberJson(LAST, draft.people);
    return true;
  }

  return { draft, areas, colleagues, last, doing, going, save };
}
