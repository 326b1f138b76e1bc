/** The categories of the playbook in force, fetched once. */
import { computed, shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { Category } from "@shared/api/types";

const categories = shallowRef<readonly Category[]>([]);
let loading: Promise<void> | null = null;

async function load(): Promise<void> {
  categories.value = (await unwrap(api.GET("/api/categories"))).items;
}

export function useCategories() {
  loading ??= load().catch(() => {
    // Asked again by whoever needs them next; until then lists show codes' names from the server anyway.
    loading = null;
  });
  const byCode = computed(() => new Map(categories.value.map((category) => [category.code, category])));

  function parentName(category: Category): string {
    const parent = category.parent ?? null;
    return parent === null ? "" : (byCode.value.get(parent)?.name ?? "");
  }

  /** Those whose name, or whose parent's name, contains what was typed. */
  function find(typed: string): readonly Category[] {
    if (typed === "") return categories.value;
    return categories.value.filter((category) => category.name.includes(typed) || parentName(category).includes(typed));
  }

  return { categories, byCode, parentName, find };
}
