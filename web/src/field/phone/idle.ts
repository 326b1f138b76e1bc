/** A phone that was put away closes: who picks it up is asked for the PIN. */
import { onBeforeUnmount, onMounted } from "vue";

/** So long out of sight. Between two doors of a staircase nobody is asked again. Unit: ms. */
export const AWAY_MS = 15 * 60_000;

/** Whether to close after being out of sight. A clock that was set back counts as long. What is being written is never taken away. */
export const mustClose = (hiddenAtMs: number, nowMs: number, isWriting: boolean): boolean => !isWriting && Math.abs(nowMs - hiddenAtMs) >= AWAY_MS;

const isWriting = (): boolean => document.querySelector("dialog[open]") !== null || document.documentElement.hasAttribute("data-writing");

export function useIdle(close: () => void): void {
  let hiddenAt: number | null = null;
  const look = (): void => {
    if (document.visibilityState === "hidden") hiddenAt ??= Date.now();
    else {
      if (hiddenAt !== null && mustClose(hiddenAt, Date.now(), isWriting())) close();
      hiddenAt = null;
    }
  };
  onMounted(() => document.addEventListener("visibilitychange", look));
  onBeforeUnmount(() => document.removeEventListener("visibilitychange", look));
}
