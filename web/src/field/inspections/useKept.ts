/** An inspection that was begun survives a tab that was killed: on an open phone, sealed. Without one nothing of it is kept. */
import { watch, type Ref } from "vue";
import { isOpen, keepDraft, keptDraft } from "../phone/phone";
import { keptOf, restore, type KeptInspection, type Line } from "./answers";

type Kept = Record<string, KeptInspection>;

/** A pause between two taps. */
const KEEP_AFTER_MS = 300;
/** Premises begun and left; the oldest make way. */
const MOST_BEGUN = 20;
const isKept = (value: unknown): value is Kept => typeof value === "object" && value !== null;

async function all(): Promise<Kept> {
  const found = await keptDraft("inspections");
  return isKept(found) ? found : {};
}

let writing = Promise.resolve();

/** One write after the other: each reads what the one before left. A phone that was locked meanwhile keeps what it had. */
function put(record: string, one: KeptInspection | null): void {
  const write = async (): Promise<void> => {
    if (!isOpen()) return;
    const { [record]: _, ...others } = await all();
    const kept = Object.entries(others).slice(-MOST_BEGUN);
    await keepDraft("inspections", Object.fromEntries(one === null ? kept : [...kept, [record, one]]));
  };
  writing = writing.then(write).catch(() => undefined);
}

export function useKept(record: () => string, code: Ref<string>, lines: Ref<Line[]>, note: Ref<string>): { drop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDone = false;
  const isBegun = (): boolean => lines.value.some(({ answer }) => answer !== null);

  async function bringBack(): Promise<void> {
    const one = (await all())[record()];
    // Whoever was quicker than the disk goes on with what they tapped.
    if (one?.checklist !== code.value || isBegun()) return;
    restore(lines.value, one);
    note.value = one.note;
  }

  function keep(): void {
    clearTimeout(timer);
    if (!isOpen() || isDone || !isBegun()) return;
    const one: KeptInspection = JSON.parse(JSON.stringify(keptOf(code.value, lines.value, note.value)));
    timer = setTimeout(() => put(record(), one), KEEP_AFTER_MS);
  }

  watch(code, () => void (isOpen() && code.value !== "" && bringBack().catch(() => undefined)), { immediate: true });
  watch([lines, note], keep, { deep: true });
  return {
    drop: () => {
      isDone = true;
      clearTimeout(timer);
      put(record(), null);
    },
  };
}
