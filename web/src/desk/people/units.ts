/** The units (departments, property companies) that the playbook in force knows, for those who work in one. */
import { shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { readBook, readUnits } from "../playbook/read";

export interface UnitChoice {
  value: string;
  label: string;
}

const units = shallowRef<readonly UnitChoice[]>([]);
let loading: Promise<void> | null = null;

async function load(): Promise<void> {
  const playbook = readBook(await unwrap(api.GET("/api/playbook")));
  units.value = readUnits(playbook).map(({ code, name }) => ({ value: code, label: name }));
}

export function useUnits() {
  loading ??= load().catch(() => {
    // Asked again by the next form; a role without a unit can be given meanwhile.
    loading = null;
  });
  return { units };
}
