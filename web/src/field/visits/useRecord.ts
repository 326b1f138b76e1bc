/** Writing down a visit: on the phone when it is open, else at the server. */
import { computed, reactive, ref, watch, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { RegistryRow } from "@shared/registry/fields";
import { recallJson, rememberJson } from "@shared/lib/storage";
import { sentIds, type Photo } from "@shared/ui/photos";
import { visitKindOf } from "../duties/way";
import { begunForms, useGoingOn, type GoingOn } from "../phone/begun";
import { given, useDoing, wordsOf, type Doing } from "../phone/doing";
import { usePhone } from "../phone/phone";
import type { CaseKind, Duty, RecordVisit, VisitKind } from "../phone/types";
import { uuid7 } from "../phone/uuid7";
import { useMe } from "../session";
import { likelyKind, placeOfDuty, placeOfRecord, placesOf, placesOfPosts, withRecent, type Place, type PlaceGroup } from "./places";

export interface VisitDraft {
  place: string;
  /** `null` until chosen by hand: then it follows the place. */
  kind: VisitKind | null;
  note: string;
  address: string;
  photos: Photo[];
  /** Units that went along. */
  companions: readonly string[];
  /** Something is wrong: what, and it is a case. */
  finds: boolean;
  finding: string;
  /** What it becomes; `null` until chosen by hand: then it follows what is being done. */
  findingKind: CaseKind | null;
  category: string;
  /** Nobody was there. */
  unmet: boolean;
}

const RECENT = "linli.places";
const isKeys = (value: unknown): value is string[] => Array.isArray(value) && value.every((key) => typeof key === "string");

const empty = (place: string): VisitDraft => ({ place, kind: null, note: "", address: "", photos: [], companions: [], finds: false, finding: "", findingKind: null, category: "", unmet: false });

const visits = begunForms<VisitDraft>("visits", ["note", "address", "photos", "companions", "finding", "category"]);

export interface Recording {
  draft: VisitDraft;
  groups: ComputedRef<PlaceGroup[]>;
  recent: ComputedRef<Place[]>;
  kind: ComputedRef<VisitKind>;
  findingKind: ComputedRef<CaseKind>;
  /** Whether it is a visit to a home, where somebody is met or not. */
  isAtHome: ComputedRef<boolean>;
  doing: Doing;
  going: Pick<GoingOn, "back" | "looking" | "startOver">;
  /** Writes it down; with a finding the case is made too. Whether it is. */
  record: () => Promise<boolean>;
}

/** What is written is there as `duty` wants it, or at `record`, where it was opened for one; `about` names which, before it is known. */
export function useRecord(about: string, duty: () => Duty | null, record: () => RegistryRow | null = () => null): Recording {
  const me = useMe();
  const { opened, rows } = usePhone();
  const doing = useDoing();
  const own = computed(() => (opened.value === null ? (me.value === null ? [] : placesOfPosts(me.value)) : placesOf(rows.value)));
  const groups = computed(() => {
    const [wanted, row] = [duty(), record()];
    const isThere = (place: Place): boolean => own.value.some(({ places }) => places.some(({ key }) => key === place.key));
    const extra = wanted !== null ? { name: wanted.name, place: placeOfDuty(wanted) } : row !== null ? { name: row.area.full_name, place: placeOfRecord(row) } : null;
    return extra === null || isThere(extra.place) ? own.value : [{ name: extra.name, places: [extra.place] }, ...own.value];
  });
  const places = computed(() => new Map(groups.value.flatMap((group) => group.places).map((place) => [place.key, place])));
  const keys = ref(recallJson(RECENT, isKeys) ?? []);
  const home = (): string => me.value?.home_area?.code ?? own.value[0]?.places[0]?.key ?? "";
  /** As the page is opened. */
  function fresh(): VisitDraft {
    const [wanted, row] = [duty(), record()];
    if (wanted !== null) return { ...empty(placeOfDuty(wanted).key), kind: visitKindOf(wanted) };
    return empty(row === null ? home() : placeOfRecord(row).key);
  }
  const draft = reactive(fresh());
  // A photo that was not kept yet is not.
  const { drop, anew, ...going } = useGoingOn(visits, about, draft, fresh, () => ({ ...draft, photos: draft.photos.filter(({ state }) => state === "sent") }));
  const recent = computed(() => keys.value.flatMap((key) => places.value.get(key) ?? []));
  const place = computed(() => places.value.get(draft.place) ?? places.value.get(home()));
  const kind = computed(() => draft.kind ?? (place.value === undefined ? "patrol" : likelyKind(place.value)));
  const findingKind = computed<CaseKind>(() => draft.findingKind ?? (kind.value === "inspection" ? "hazard" : "request"));
  const isAtHome = computed(() => kind.value === "visit" && place.value !== undefined && "record_id" in place.value.sent);

  // What it was opened for may be known later.
  watch(
    () => duty()?.key ?? record()?.id,
    () => {
      const { place: at, kind: as } = fresh();
      if (duty() !== null || record() !== null) Object.assign(draft, { place: at, kind: as });
    },
  );

  function body(): RecordVisit {
    const finding = draft.finds ? { text: draft.finding.trim(), kind: findingKind.value, ...(draft.category === "" ? {} : { category: draft.category }) } : undefined;
    return {
      kind: kind.value,
      ...place.value?.sent,
      address: given(draft.address),
      note: given(draft.note),
      attachments: sentIds(draft.photos),
      ...(isAtHome.value ? { met: !draft.unmet } : {}),
      ...(draft.companions.length === 0 ? {} : { companions: [...draft.companions] }),
      ...(finding === undefined ? {} : { finding }),
    } as RecordVisit;
  }

  async function save(): Promise<boolean> {
    const isFinding = draft.finds;
    const written = body();
    const isDone = await doing.run(
      {
        type: isFinding ? "visit.finding" : "visit.record",
        // What comes of a finding has a name from the start, for what is done to it before the server knows it.
        entity_id: isFinding ? uuid7() : null,
        base_version: null,
        payload: { ...written },
        attachments: written.attachments ?? [],
        told: { title: isFinding ? draft.finding.trim() : draft.note.trim(), place: place.value?.name ?? "", written: wordsOf(draft.finding, draft.note, draft.address) },
      },
      (header) => unwrap(api.POST("/api/visits", { params: { header }, body: written })),
    );
    if (!isDone) return false;
    drop();
    keys.value = withRecent(keys.value, draft.place);
    rememberJson(RECENT, keys.value);
    Object.assign(draft, empty(draft.place));
    anew();
    return true;
  }

  return { draft, groups, recent, kind, findingKind, isAtHome, doing, going, record: save };
}
