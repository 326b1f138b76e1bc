import { ref } from "vue";
import { recall, remember } from "./storage";

/** 长辈版: large text and large targets. Remembered on this device; the tokens do the rest. */
const KEY = "linli.elder";

const elder = ref(recall(KEY) === "1");

function show(): void {
  document.documentElement.toggleAttribute("data-elder", elder.value);
}

/** Must run before the first paint of a face. */
export function applyDisplay(): void {
  show();
}

export function useElderMode(): { elder: typeof elder; toggleElder: () => void } {
  function toggleElder(): void {
    elder.value = !elder.value;
    remember(KEY, elder.value ? "1" : "0");
    show();
  }
  return { elder, toggleElder };
}
