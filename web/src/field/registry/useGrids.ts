/** The grids in which the owner may enter records: those on the phone, else those of their posts. */
import { computed, type ComputedRef } from "vue";
import type { AreaRef } from "@shared/api/types";
import { usePhone } from "../phone/phone";
import { useMe } from "../session";
import { gridsOf } from "./find";

export function useGrids(): ComputedRef<AreaRef[]> {
  const me = useMe();
  const { opened, rows } = usePhone();
  return computed(() => gridsOf(opened.value === null ? (me.value?.grants.map(({ area }) => area) ?? []) : rows.value.all("area").map(({ area }) => area)));
}
