import { ref } from "vue";
import { forget, recallJson, rememberJson } from "@shared/lib/storage";

/** A case reported or followed on this phone. Only here: the server does not know whose phone it is. */
export interface MyCase {
  code: string;
  text: string;
}

const KEY = "linli.mine";
const KEPT = 10;

function isList(value: unknown): value is MyCase[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "object" && entry !== null && "code" in entry);
}

const mine = ref<MyCase[]>(recallJson(KEY, isList) ?? []);

export function useMyCases(): { mine: typeof mine; keep: (entry: MyCase) => void; clear: () => void } {
  function keep(entry: MyCase): void {
    const short = { code: entry.code, text: Array.from(entry.text).slice(0, 40).join("") };
    mine.value = [short, ...mine.value.filter((other) => other.code !== entry.code)].slice(0, KEPT);
    rememberJson(KEY, mine.value);
  }
  function clear(): void {
    mine.value = [];
    forget(KEY);
  }
  return { mine, keep, clear };
}
