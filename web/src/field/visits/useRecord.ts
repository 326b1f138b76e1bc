/** Writing down a visit: on the phone when it is open, else at the server. */
import { computed, reactive, ref, type ComputedRef, type Ref } from "vue";
import { api, unwrap } from "@shared/api/client";
import { Intention } from "@shared/api/intention";
import { recallJson, rememberJson } from "@shared/lib/storage";
import { sentIds, type Photo } from "@shared/ui/photos";
import { act, usePhone } from "../phone/phone";
import type { RecordVisit, VisitKind } from "../phone/types";
import { uuid7 } from "../phone/uuid7";
import { useMe } from "../session";
import { likelyKind, placesOf, placesOfPosts, withRecent, type Place, type PlaceGroup } from "./places";

export interface VisitDraft {
  place: string;
  /** `null` until chosen by hand: then it follows the place. */
  kind: VisitKind | null;
  note: string;
  address: string;
  photos: Photo[];
  /** What was wrong; empty when nothing was. */
  finding: string;
  category: string;
}

const RECENT = "linli.places";
const isKeys = (value: unknown): value is string[] => Array.isArray(value) && value.every((key) => typeof key === "string");

const empty = (place: string): VisitDraft => ({ place, kind: null, note: "", address: "", photos: [], finding: "", category: "" });

export interface Recording {
  draft: VisitDraft;
  groups: ComputedRef<PlaceGroup[]>;
  recent: ComputedRef<Place[]>;
  kind: ComputedRef<VisitKind>;
  busy: Ref<boolean>;
  /** Writes it down; with `finding` the case is made too. */
  record: (isFinding: boolean) => Promise<void>;
}

export function useRecord(): Recording {
  const me = useMe();
  const { opened, rows } = usePhone();
  const groups = computed(() => (opened.value === null ? (me.value === null ? [] : placesOfPosts(me.value)) : placesOf(rows.value)));
  const places = computed(() => new Map(groups.value.flatMap((group) => group.places).map((place) => [place.key, place])));
  const keys = ref(recallJson(RECENT, isKeys) ?? []);
  const home = (): string => me.value?.home_area?.code ?? groups.value[0]?.places[0]?.key ?? "";
  const draft = reactive(empty(home()));
  const busy = ref(false);
  const intention = new Intention();
  const recent = computed(() => keys.value.flatMap((key) => places.value.get(key) ?? []));
  const place = computed(() => places.value.get(draft.place) ?? places.value.get(home()));
  const kind = computed(() => draft.kind ?? (place.value === undefined ? "patrol" : likelyKind(place.value)));

  function body(isFinding: boolean): RecordVisit {
    const given = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());
    const finding = isFinding ? { text: draft.finding.trim(), ...(draft.category === "" ? {} : { category: draft.category }) } : undefined;
    return {
      kind: kind.value,
      ...place.value?.sent,
      address: given(draft.address),
      note: given(draft.note),
      attachments: sentIds(draft.photos),
      ...(finding === undefined ? {} : { finding }),
    } as RecordVisit;
  }

  async function send(isFinding: boolean, record: RecordVisit): Promise<void> {
    if (opened.value === null) {
      const header = { "Idempotency-Key": intention.keyFor(record) };
      await unwrap(api.POST("/api/visits", { params: { header }, body: record }));
      intention.done();
      return;
    }
    const written = [draft.finding, draft.note, draft.address].map((text) => text.trim()).filter((text) => text !== "");
    await act({
      type: isFinding ? "visit.finding" : "visit.record",
      // What comes of a finding has a name from the start, for what is done to it before the server knows it.
      entity_id: isFinding ? uuid7() : null,
      base_version: null,
      payload: { ...record },
      attachments: record.attachments ?? [],
      told: { title: isFinding ? draft.finding.trim() : draft.note.trim(), place: place.value?.name ?? "", written },
    });
  }

  async function record(isFinding: boolean): Promise<void> {
    busy.value = true;
    try {
      await send(isFinding, body(isFinding));
      keys.value = withRecent(keys.value, draft.place);
      rememberJson(RECENT, keys.value);
      Object.assign(draft, empty(draft.place));
    } finally {
      busy.value = false;
    }
  }

  return { draft, groups, recent, kind, busy, record };
}
