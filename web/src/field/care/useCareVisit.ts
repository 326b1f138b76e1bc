/** A visit or a call to somebody in care: on the phone when it is open, else at the server. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { api, unwrap } from "@shared/api/client";
import { useNow } from "@shared/lib/useTime";
import { serverMs } from "../phone/copy";
import { given, useDoing, wordsOf, type Doing } from "../phone/doing";
import { isLent } from "../phone/due";
import type { CareItem } from "../phone/merge";
import { usePhone } from "../phone/phone";
import type { CareBody, CareMet, CareVisit } from "../phone/types";
import { careToVisit } from "./online";

export interface Visiting {
  item: ComputedRef<CareItem | null>;
  known: ComputedRef<boolean>;
  note: Ref<string>;
  /** Codes of the services that were given. */
  services: Ref<readonly string[]>;
  doing: Doing;
  save: (met: CareMet) => Promise<boolean>;
}

/** What is sent: services are given to whoever was met. Pure. */
export function visitBody(met: CareMet, note: string, services: readonly string[]): CareVisit {
  const isMet = met === "done" || met === "called";
  return { met, ...(given(note) === undefined ? {} : { note: given(note) }), ...(isMet && services.length > 0 ? { services: [...services] } : {}) };
}

/** What is ticked from the start: whoever calls does it for these; whoever goes there says what they did. Pure. */
export const ticked = ({ is_visit, services }: Pick<CareBody, "is_visit" | "services">): string[] => (is_visit ? [] : services.map(({ code }) => code));

export function useCareVisit(id: () => string): Visiting {
  const { t } = useI18n();
  const { opened, view, position } = usePhone();
  const now = useNow();
  const doing = useDoing();
  const asked = shallowRef<readonly CareItem[] | null>(null);
  const note = ref("");
  const services = ref<readonly string[]>([]);

  if (opened.value === null) {
    careToVisit().then(
      (items) => (asked.value = items),
      () => (asked.value = []),
    );
  }
  const item = computed(() => {
    const found = opened.value === null ? asked.value?.find((one) => one.id === id()) : view.value.care.get(id());
    // What was lent is over at its minute, on a page that is open too.
    return found !== undefined && isLent(found, serverMs(position.value, now.value.getTime())) ? found : null;
  });
  // Words about somebody do not stay behind when what they belong to goes.
  watch(item, (one) => { if (one === null) note.value = ""; });
  // A row that is only sent again takes no tick away.
  const offered = (): Pick<CareBody, "is_visit" | "services"> => item.value?.body ?? { is_visit: true, services: [] };
  watch(() => `${offered().is_visit} ${offered().services.map(({ code }) => code).join(" ")}`, () => { services.value = ticked(offered()); }, { immediate: true });

  async function save(met: CareMet): Promise<boolean> {
    const body = visitBody(met, note.value, services.value);
    return doing.run(
      {
        type: "care.visit",
        entity_id: id(),
        base_version: null,
        payload: { ...body },
        attachments: [],
        // Where, and not who: the outbox may outlast what was lent.
        told: { title: t(`field.care.met.${met}`), place: item.value?.body.address ?? "", written: wordsOf(note.value) },
      },
      (header) => unwrap(api.POST("/api/care/{id}/visits", { params: { path: { id: id() }, header }, body })),
    );
  }

  return { item, known: computed(() => opened.value !== null || asked.value !== null), note, services, doing, save };
}
