import { ref } from "vue";
import { recall, remember } from "../lib/storage";

export const LOCALES = ["zh-CN", "zh-TW", "en"] as const;
export type Locale = (typeof LOCALES)[number];

/** Each language named in itself, so that whoever needs it can find it. */
export const LOCALE_NAMES: Record<Locale, string> = { "zh-CN": "简体", "zh-TW": "繁體", en: "English" };

const KEY = "linli.locale";

export function isLocale(value: unknown): value is Locale {
  return LOCALES.some((locale) => locale === value);
}

function first(): Locale {
  const stored = recall(KEY);
  return isLocale(stored) ? stored : "zh-CN";
}

const chosen = ref<Locale>(first());

/** The language that texts are shown in and that the server is asked for. */
export function currentLocale(): Locale {
  return chosen.value;
}

export function rememberLocale(locale: Locale): void {
  chosen.value = locale;
  remember(KEY, locale);
}
