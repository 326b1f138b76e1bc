import { ref } from "vue";

export interface Toast {
  tone: "good" | "bad" | "plain";
  text: string;
}

const SHOWN_MS = 6_000;
const current = ref<(Toast & { n: number }) | null>(null);
let n = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says one short sentence at the foot of the page and to screen readers. Never the only place of an error. */
export function showToast(toast: Toast): void {
  n += 1;
  current.value = { ...toast, n };
  clearTimeout(timer);
  timer = setTimeout(() => (current.value = null), SHOWN_MS);
}

export function useToast(): { current: typeof current; dismiss: () => void } {
  return { current, dismiss: () => (current.value = null) };
}
