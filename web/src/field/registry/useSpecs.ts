/** The fields of each kind of record: from the phone when it is open, else from the server. Nothing where the registry is not shown. */
import { computed, shallowRef, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { FieldSpec, RegistryKind } from "@shared/registry/fields";
import { usePhone } from "../phone/phone";
import { useMe } from "../session";

type Specs = Partial<Record<RegistryKind, readonly FieldSpec[]>>;

/** Whether the owner keeps the registry. */
export function useHasRegistry(): ComputedRef<boolean> {
  const me = useMe();
  const { opened, rows } = usePhone();
  return computed(() => (opened.value === null ? (me.value?.may.includes("view_registry") ?? false) : rows.value.get("playbook", "current")?.registry !== undefined));
}

export function useSpecs(): ComputedRef<Specs> {
  const { opened, rows } = usePhone();
  const has = useHasRegistry();
  const asked = shallowRef<Specs>({});
  if (opened.value === null && has.value) {
    void unwrap(api.GET("/api/registry/fields"))
      .then(({ kinds }) => (asked.value = Object.fromEntries(kinds.map(({ kind, fields }) => [kind, fields]))))
      // With no network and no PIN the page itself says so.
      .catch(() => undefined);
  }
  return computed(() => (opened.value === null ? asked.value : (rows.value.get("playbook", "current")?.registry ?? {})));
}
