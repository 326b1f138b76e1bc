/** Doing something that is recorded: an open phone keeps it and sends it later, without one it goes to the server at once. */
import { ref, shallowRef, useId, type Ref, type ShallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { Intention } from "@shared/api/intention";
import { toProblem } from "@shared/api/problem";
import type { ErrorLine } from "@shared/ui/ErrorSummary.vue";
import { problemLines } from "@shared/ui/problemText";
import { PhoneFull } from "./database";
import { faultText } from "./fault";
import type { Wish } from "./outbox";
import { act, isOpen } from "./phone";

export interface Doing {
  busy: Ref<boolean>;
  /** What is missing or was refused, each line leading to its field. */
  faults: ShallowRef<ErrorLine[]>;
  /** The id of a field's control, where its line leads. */
  idOf: (field: string) => string;
  errorOf: (field: string) => string | undefined;
  /** Whether it is recorded; `send` is how without a phone. The same content sent again acts once. */
  run: (wish: Wish, send: (header: { "Idempotency-Key": string }) => Promise<unknown>) => Promise<boolean>;
}

export function useDoing(): Doing {
  const { t } = useI18n();
  const own = useId();
  const busy = ref(false);
  const faults = shallowRef<ErrorLine[]>([]);
  const intention = new Intention();
  const idOf = (field: string): string => `${own}-${field.replaceAll(".", "-")}`;

  async function run(wish: Wish, send: (header: { "Idempotency-Key": string }) => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    faults.value = [];
    try {
      if (isOpen()) await act(wish);
      else await send({ "Idempotency-Key": intention.keyFor(wish.payload) });
      intention.done();
      return true;
    } catch (cause) {
      faults.value = cause instanceof PhoneFull ? [{ message: faultText(cause, t) }] : problemLines(toProblem(cause), t, idOf);
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { busy, faults, idOf, errorOf: (field) => faults.value.find(({ target }) => target === idOf(field))?.message, run };
}

/** What somebody typed, or nothing. */
export const given = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());

/** Everything that was typed, to give back when it is refused. */
export const wordsOf = (...texts: string[]): string[] => texts.flatMap((text) => given(text) ?? []);
