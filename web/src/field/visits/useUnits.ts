/** Units that go along on a joint patrol: from the phone when it is open, else from the server. */
import { computed, shallowRef, watch, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { usePhone } from "../phone/phone";

export function useUnits(wanted: () => boolean): ComputedRef<{ value: string; label: string }[]> {
  const { opened, rows } = usePhone();
  const asked = shallowRef<readonly { code: string; name: string }[]>([]);

  async function load(): Promise<void> {
    if (opened.value !== null || !wanted()) return;
    asked.value = (await unwrap(api.GET("/api/playbook")).catch(() => null))?.playbook.units ?? [];
  }

  watch(wanted, load, { immediate: true });
  const units = computed(() => (opened.value === null ? asked.value : (rows.value.get("playbook", "current")?.units ?? [])));
  return computed(() => units.value.map(({ code, name }) => ({ value: code, label: name })));
}
