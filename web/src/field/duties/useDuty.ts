/** What a page was opened for, by its key: from the phone when it is open, else from the server. */
import { computed, shallowRef, watch, type ComputedRef } from "vue";
import { usePhone } from "../phone/phone";
import type { Duty } from "../phone/types";
import { myDuties } from "./online";

export function useDuty(is: (duty: Duty) => boolean, wanted: () => boolean = () => true): { duty: ComputedRef<Duty | null>; known: ComputedRef<boolean> } {
  const { opened, view } = usePhone();
  const online = shallowRef<readonly Duty[] | null>(null);

  async function load(): Promise<void> {
    if (opened.value !== null || online.value !== null || !wanted()) return;
    // With no network and no PIN the page is empty, and says so.
    online.value = await myDuties().catch(() => []);
  }

  watch(wanted, load, { immediate: true });
  const all = computed(() => (opened.value === null ? (online.value ?? []) : [...view.value.duties.values()].map(({ duty }) => duty)));
  const here = computed(() => all.value.find(is) ?? null);
  const last = shallowRef<Duty | null>(null);
  watch(here, (now) => (last.value = now ?? last.value), { immediate: true });
  /** What one is at stays though somebody else did it meanwhile: two looks harm nobody. */
  const duty = computed(() => (wanted() ? (here.value ?? (last.value !== null && is(last.value) ? last.value : null)) : null));
  return { duty, known: computed(() => opened.value !== null || online.value !== null) };
}
