import { toProblem } from "@shared/api/problem";
import { problemText } from "@shared/ui/problemText";
import { showToast } from "@shared/ui/toast";
import { PhoneFull } from "./database";

type Translate = (key: string) => string;

/** One sentence for what kept something from being kept. What was typed is still on the page. */
export function faultText(cause: unknown, t: Translate): string {
  return cause instanceof PhoneFull ? t("field.phone.noRoom") : problemText(toProblem(cause), t);
}

export function showFault(cause: unknown, t: Translate): void {
  showToast({ tone: "bad", text: faultText(cause, t) });
}
