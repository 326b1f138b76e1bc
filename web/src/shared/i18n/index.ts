import { createI18n, type I18n, type LocaleMessageDictionary, type VueMessageType } from "vue-i18n";
import { currentLocale, rememberLocale, type Locale } from "./locale";

export { LOCALES, LOCALE_NAMES, currentLocale, type Locale } from "./locale";

type Messages = LocaleMessageDictionary<VueMessageType>;
type Loader = () => Promise<{ default: unknown }>;
/** One loader a language; a face passes its own, so that it fetches nothing of another face or language. */
export type FaceMessages = Record<Locale, Loader>;

const SHARED: FaceMessages = {
  "zh-CN": () => import("./locales/zh-CN.json"),
  "zh-TW": () => import("./locales/zh-TW.json"),
  en: () => import("./locales/en.json"),
};

export interface FaceI18n {
  plugin: I18n<Record<string, never>, Record<string, never>, Record<string, never>, string, false>;
  /** Loads the language if it is new, shows it, and remembers it on this device. */
  choose: (locale: Locale) => Promise<void>;
}

/** vue-i18n with the shared texts and those of one face, in the language last chosen on this device. */
export async function createFaceI18n(face: FaceMessages): Promise<FaceI18n> {
  const plugin = createI18n({
    legacy: false,
    locale: currentLocale() as string,
    fallbackLocale: false,
    missingWarn: import.meta.env.DEV,
    messages: {},
  }) as unknown as FaceI18n["plugin"];
  const loaded = new Set<Locale>();

  async function load(locale: Locale): Promise<void> {
    if (loaded.has(locale)) return;
    const parts = await Promise.all([SHARED[locale](), face[locale]()]);
    for (const part of parts) plugin.global.mergeLocaleMessage(locale, part.default as Messages);
    loaded.add(locale);
  }

  async function choose(locale: Locale): Promise<void> {
    await load(locale);
    plugin.global.locale.value = locale;
    document.documentElement.lang = locale;
    rememberLocale(locale);
  }

  await load(currentLocale());
  document.documentElement.lang = currentLocale();
  return { plugin, choose };
}
