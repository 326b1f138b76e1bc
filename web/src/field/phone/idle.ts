/** A phone that was put away or left lying closes: who picks it up is asked for the PIN. */
import { onBeforeUnmount, onMounted } from "vue";

/** So long out of sight, or in sight and not touched. Between two doors of a staircase nobody is asked again. Unit: ms. */
export const AWAY_MS = 5 * 60_000;
const LOOK_MS = 10_000;
const TOUCHES = ["pointerdown", "keydown", "scroll"] as const;

/** Whether to close after being left alone. A clock that was set back counts as long. What is being written is never taken away. */
export const mustClose = (leftAtMs: number, nowMs: number, isWriting: boolean): boolean => !isWriting && Math.abs(nowMs - leftAtMs) >= AWAY_MS;

const isWriting = (): boolean => document.querySelector("dialog[open]") !== null || document.documentElement.hasAttribute("data-writing");

export function useIdle(close: () => void): void {
  let hiddenAt: number | null = null;
  let touchedAt = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const touch = (): void => void (touchedAt = Date.now());
  const look = (): void => {
    if (document.visibilityState === "hidden") hiddenAt ??= Date.now();
    else {
      if (hiddenAt !== null && mustClose(hiddenAt, Date.now(), isWriting())) close();
      hiddenAt = null;
      touch();
    }
  };
  const lookWhileSeen = (): void => {
    if (document.visibilityState === "visible" && mustClose(touchedAt, Date.now(), isWriting())) close();
  };
  onMounted(() => {
    document.addEventListener("visibilitychange", look);
    // What scrolls within the page does not bubble.
    for (const kind of TOUCHES) window.addEventListener(kind, touch, { capture: true, passive: true });
    timer = setInterval(lookWhileSeen, LOOK_MS);
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", look);
    for (const kind of TOUCHES) window.removeEventListener(kind, touch, { capture: true });
    clearInterval(timer);
  });
}
