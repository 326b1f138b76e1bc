import { computed, type ComputedRef } from "vue";
import { useNow } from "@shared/lib/useTime";
import { usePhone } from "../phone/phone";
import { inspectedToday, type Inspected } from "./inspected";

export function useInspected(id: () => string): ComputedRef<Inspected | null> {
  const { entries, rows } = usePhone();
  const now = useNow();
  return computed(() => inspectedToday(id(), entries.value, rows.value.all("duty"), now.value.toISOString()));
}
