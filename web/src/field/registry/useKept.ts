/** A record that was begun comes back into its form, with what was not finished named. */
import { shallowRef, type Ref, type ShallowRef } from "vue";
import type { Values } from "@shared/registry/fields";
import { Begun, useBegun } from "../phone/begun";
import { broughtBack, isWorth, keptOf, type KeptRecord } from "./kept";

/** By the record, or by what a new one is and lies in. */
const records = new Begun<KeptRecord>("registry", (one) => isWorth(one, Date.now()));

export interface Kept {
  /** The fields that came back. */
  back: ShallowRef<readonly string[]>;
  /** Everything as it stands. */
  startOver: () => void;
  /** It is saved, or not wanted. */
  drop: () => void;
}

export function useKept(about: () => string, known: Values, typed: Record<string, string>, area: Ref<string>): Kept {
  const back = shallowRef<readonly string[]>([]);
  const now = (): KeptRecord => keptOf(known, typed, area.value, Date.now());
  const { drop } = useBegun(records, about, now);

  async function bringBack(): Promise<void> {
    const one = await records.last(about());
    // Whoever was quicker than the disk goes on with what they typed.
    if (one === null || Object.keys(now().fields).length > 0) return;
    const fields = broughtBack(one, known, Object.keys(typed));
    Object.assign(typed, fields);
    area.value = one.area;
    back.value = Object.keys(fields);
  }
  void bringBack().catch(() => undefined);

  return {
    back,
    startOver: () => {
      for (const key of Object.keys(typed)) typed[key] = known[key] ?? "";
      back.value = [];
    },
    drop,
  };
}
