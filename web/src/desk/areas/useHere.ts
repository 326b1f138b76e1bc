/** The area that a page is about, with what lies above it. */
import { computed, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { AreaRef } from "@shared/api/types";
import type { AreaView } from "../types";

export function useHere(area: Ref<string>): { here: ShallowRef<AreaView | null>; path: ComputedRef<readonly AreaRef[]> } {
  const here = shallowRef<AreaView | null>(null);
  watch(
    area,
    async (code) => {
      if (code === "") return;
      // The list below stands without the name above it.
      const found = await unwrap(api.GET("/api/areas/{code}", { params: { path: { code } } })).catch(() => null);
      if (code === area.value) here.value = found;
    },
    { immediate: true },
  );
  return { here, path: computed(() => here.value?.ancestors ?? []) };
}
