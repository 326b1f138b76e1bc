import { computed, ref, shallowRef } from "vue";
import type { LiveState } from "@shared/api/live";
import type { ProblemError } from "@shared/api/problem";
import { useNow } from "@shared/lib/useTime";
import { serverMs } from "../phone/copy";
import { today } from "../phone/due";
import { syncNow, usePhone } from "../phone/phone";
import type { useToday } from "./useToday";

/** The day from what lies on the phone. How fresh it is says the line on top of every page. */
export function usePhoneToday(): ReturnType<typeof useToday> {
  const { view, position, ready } = usePhone();
  const now = useNow();
  const serverNow = computed(() => serverMs(position.value, now.value.getTime()));
  const groups = computed(() => (ready.value ? today(view.value, serverNow.value) : null));
  const load = (): Promise<void> => Promise.resolve(syncNow());
  return { groups, problem: shallowRef<ProblemError | null>(null), live: ref<LiveState>("live"), load };
}
