/** What a matter may be about: from the phone when it is open, else from the server. */
import { computed, shallowRef, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { Category } from "@shared/api/types";
import { usePhone } from "../phone/phone";
import type { CaseKind, CaseKindView } from "../phone/types";

interface Matters {
  categories: ComputedRef<Category[]>;
  options: ComputedRef<{ value: string; label: string }[]>;
  /** What a matter can become. */
  kinds: ComputedRef<{ value: CaseKind; label: string }[]>;
}

export function useCategories(): Matters {
  const { opened, rows } = usePhone();
  const asked = shallowRef<Category[]>([]);
  const askedKinds = shallowRef<CaseKindView[]>([]);
  if (opened.value === null) {
    unwrap(api.GET("/api/categories")).then(
      (answer) => ([asked.value, askedKinds.value] = [answer.items, answer.kinds]),
      () => undefined,
    );
  }
  const categories = computed(() => (opened.value === null ? asked.value : (rows.value.get("playbook", "current")?.categories ?? [])));
  /** Only the narrowest: what is divided further is not chosen whole. */
  const options = computed(() =>
    categories.value
      .filter((category) => category.parent || !categories.value.some((other) => other.parent === category.code))
      .map((category) => ({ value: category.code, label: category.name })),
  );
  const known = computed(() => (opened.value === null ? askedKinds.value : (rows.value.get("playbook", "current")?.kinds ?? [])));
  const kinds = computed(() => known.value.map(({ kind, name }) => ({ value: kind, label: name })));
  return { categories, options, kinds };
}
