import { onBeforeUnmount, ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { dayPhrase, distancePhrase, weekdayName, whenPhrase, type Phrase } from "./time";

const TICK_MS = 30_000;
const now = ref(new Date());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The present moment, refreshed twice a minute while anything on the page shows it. */
export function useNow(): Ref<Date> {
  if (watchers === 0) {
    now.value = new Date();
    timer = setInterval(() => (now.value = new Date()), TICK_MS);
  }
  watchers += 1;
  onBeforeUnmount(() => {
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  });
  return now;
}

/** Times in the reader's words. */
export function useTime(): {
  when: (iso: string) => string;
  day: (iso: string) => string;
  weekday: (iso: string) => string;
  distance: (iso: string) => string;
} {
  const { t, locale } = useI18n();
  const moment = useNow();
  const say = (phrase: Phrase): string => t(phrase.key, phrase.params);
  return {
    when: (iso) => say(whenPhrase(iso, moment.value)),
    day: (iso) => say(dayPhrase(iso, moment.value)),
    weekday: (iso) => weekdayName(iso, locale.value),
    distance: (iso) => say(distancePhrase(iso, moment.value)),
  };
}
