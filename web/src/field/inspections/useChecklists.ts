/** The checklists of the playbook: from the phone when it is open, else from the server. */
import { computed, shallowRef, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { usePhone } from "../phone/phone";
import type { Checklist } from "../phone/types";

export function useChecklists(): { all: ComputedRef<readonly Checklist[]>; known: ComputedRef<boolean> } {
  const { opened, rows } = usePhone();
  const asked = shallowRef<readonly Checklist[] | null>(null);
  if (opened.value === null) {
    unwrap(api.GET("/api/checklists")).then(
      (answer) => (asked.value = answer),
      () => (asked.value = []),
    );
  }
  return {
    all: computed(() => (opened.value === null ? (asked.value ?? []) : rows.value.all("checklist"))),
    known: computed(() => opened.value !== null || asked.value !== null),
  };
}
