import { computed, onBeforeUnmount, shallowRef, watch, type ComputedRef, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { Category, Routing } from "@shared/api/types";

/** Waits for a pause in typing before asking. */
const PAUSE_MS = 700;
/** Fewer characters say too little to suggest anything. */
const FEWEST_CHARACTERS = 4;

/** The catalogue of categories, and what the words typed so far seem to be about. Both only help: failing is silent. */
export function useCategories(text: () => string): {
  categories: ShallowRef<Category[]>;
  suggestions: ShallowRef<Routing["category_suggestions"]>;
  byCode: ComputedRef<Map<string, Category>>;
} {
  const categories = shallowRef<Category[]>([]);
  const suggestions = shallowRef<Routing["category_suggestions"]>([]);
  const byCode = computed(() => new Map(categories.value.map((category) => [category.code, category])));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = "";

  unwrap(api.GET("/api/categories")).then(
    (answer) => (categories.value = answer.items),
    () => undefined,
  );

  async function suggest(words: string): Promise<void> {
    asked = words;
    try {
      const routing = await unwrap(api.POST("/api/routing", { body: { text: words } }));
      if (asked === words) suggestions.value = routing.category_suggestions.slice(0, 3);
    } catch {
      suggestions.value = [];
    }
  }

  watch(
    text,
    (now) => {
      clearTimeout(timer);
      const words = now.trim();
      if (Array.from(words).length < FEWEST_CHARACTERS) suggestions.value = [];
      else timer = setTimeout(() => void suggest(words), PAUSE_MS);
    },
    { immediate: true },
  );
  onBeforeUnmount(() => clearTimeout(timer));
  return { categories, suggestions, byCode };
}
