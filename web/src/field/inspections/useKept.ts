/** An inspection that was begun comes back. */
import { watch, type Ref } from "vue";
import { Begun, useBegun } from "../phone/begun";
import { keptOf, restore, type KeptInspection, type Line } from "./answers";

/** By premises. */
const inspections = new Begun<KeptInspection>("inspections");

export function useKept(record: () => string, code: Ref<string>, lines: Ref<Line[]>, note: Ref<string>): { drop: () => void } {
  const isBegun = (): boolean => lines.value.some(({ answer }) => answer !== null);

  async function bringBack(): Promise<void> {
    const one = await inspections.last(record());
    // Whoever was quicker than the disk goes on with what they tapped.
    if (one?.checklist !== code.value || isBegun()) return;
    restore(lines.value, one);
    note.value = one.note;
  }

  watch(code, () => void (code.value !== "" && bringBack().catch(() => undefined)), { immediate: true });
  return useBegun(inspections, record, () => (isBegun() ? keptOf(code.value, lines.value, note.value) : null));
}
