/** A small form that sends one command: busy while it runs, and what the server refused beside the fields. */
import { ref, useId, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { Intention } from "@shared/api/intention";
import { toProblem } from "@shared/api/problem";
import type { ErrorLine } from "@shared/ui/ErrorSummary.vue";
import { problemLines } from "@shared/ui/problemText";

export interface Command {
  busy: Ref<boolean>;
  lines: Ref<ErrorLine[]>;
  idOf: (field: string) => string;
  errorOf: (field: string) => string | undefined;
  /** Shows what is missing; true when nothing is. */
  check: (lacks: readonly { field: string; message: string }[]) => boolean;
  /** Runs the command with the key of this intention; gives `undefined` when it failed or one is under way. */
  run: <T>(content: unknown, send: (key: string) => Promise<T>) => Promise<{ answer: T } | undefined>;
}

export function useCommand(): Command {
  const { t } = useI18n();
  const id = useId();
  const busy = ref(false);
  const lines = ref<ErrorLine[]>([]);
  const intention = new Intention();
  const idOf = (field: string): string => `${id}-${field.replaceAll(".", "-")}`;

  return {
    busy,
    lines,
    idOf,
    errorOf: (field) => lines.value.find((line) => line.target === idOf(field))?.message,
    check(lacks) {
      lines.value = lacks.map(({ field, message }) => ({ target: idOf(field), message }));
      return lacks.length === 0;
    },
    async run(content, send) {
      if (busy.value) return undefined;
      busy.value = true;
      lines.value = [];
      try {
        const answer = await send(intention.keyFor(content));
        intention.done();
        return { answer };
      } catch (error) {
        lines.value = problemLines(toProblem(error), t, idOf);
        return undefined;
      } finally {
        busy.value = false;
      }
    },
  };
}
