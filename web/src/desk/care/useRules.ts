/** The playbook's rules of care, asked for once: categories, plans, services. Nothing of anybody. */
import { shallowRef, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { Rules } from "./types";

const rules = shallowRef<Rules | null>(null);

export function useRules(): { rules: ShallowRef<Rules | null>; planName: (code: string) => string } {
  if (rules.value === null) {
    // A form without them shows empty lists, and is opened again.
    void unwrap(api.GET("/api/care/rules"))
      .then((found) => (rules.value = found))
      .catch(() => undefined);
  }
  return { rules, planName: (code) => rules.value?.plans.find((plan) => plan.code === code)?.name ?? code };
}
