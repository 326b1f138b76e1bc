/** The facility that a note is about, as the address names it: from the phone's rows when it is open, else from the server. */
import { computed, watch, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";
import { useRegistryRecord } from "../registry/useRegistryRecord";
import { useMe } from "../session";
import { useNoteDraft, type NotePlace } from "./noteDraft";

export interface NoteFacility {
  facility: ComputedRef<Extract<NotePlace, { by: "facility" }> | null>;
  /** Whether one was asked for that is not here. */
  isMissing: ComputedRef<boolean>;
  /** It is about another place. */
  leave: () => Promise<void>;
}

export function useNoteFacility(): NoteFacility {
  const route = useRoute();
  const router = useRouter();
  const me = useMe();
  const { draft, restored } = useNoteDraft();
  const wanted = computed(() => (typeof route.query.facility === "string" && route.query.facility !== "" ? route.query.facility : null));
  const { item, known } = useRegistryRecord(() => (wanted.value === null ? null : { kind: "facility", id: wanted.value }));
  const row = computed(() => (item.value?.row.kind === "facility" ? item.value.row : null));

  function home(): NotePlace | null {
    const area = me.value?.home_area;
    return area ? { by: "area", code: area.code, name: area.name } : null;
  }

  async function settle(): Promise<void> {
    // A draft that lies sealed comes a moment later, with the place that it had.
    await restored;
    if (row.value !== null) draft.place = { by: "facility", id: row.value.id, name: row.value.name, address: row.value.address };
    // Whoever came for a facility and wrote nothing is not thinking of it any more.
    else if (wanted.value === null && draft.place?.by === "facility" && draft.text.trim() === "") draft.place = home();
  }

  if (draft.place === null) draft.place = home();
  watch(() => row.value?.id, settle, { immediate: true });

  return {
    facility: computed(() => (draft.place?.by === "facility" ? draft.place : null)),
    isMissing: computed(() => wanted.value !== null && known.value && row.value === null),
    leave: async () => {
      await router.replace({ name: "new" });
      draft.place = home();
    },
  };
}
