import { onBeforeUnmount, watchEffect } from "vue";

/** What is being written is not taken away by the lock, and nothing lies over it. */
export function useWriting(isWriting: () => boolean): void {
  watchEffect(() => document.documentElement.toggleAttribute("data-writing", isWriting()));
  onBeforeUnmount(() => document.documentElement.removeAttribute("data-writing"));
}
