// Times come as RFC 3339 in UTC and are shown in the city's time, wherever the phone is.
const ZONE = "Asia/Shanghai";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Clock {
  year: number;
  month: number;
  day: number;
  hour: string;
  minute: string;
}

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

function clockOf(at: Date): Clock {
  const found = new Map(parts.formatToParts(at).map((part) => [part.type, part.value]));
  return {
    year: Number(found.get("year")),
    month: Number(found.get("month")),
    day: Number(found.get("day")),
    hour: found.get("hour") ?? "",
    minute: found.get("minute") ?? "",
  };
}

function dayNumber(clock: Clock): number {
  return Date.UTC(clock.year, clock.month - 1, clock.day) / DAY_MS;
}

/** A text key with its parameters: what to say is decided here, how to say it in the translation files. */
export interface Phrase {
  key: string;
  params: Record<string, string | number>;
}

/** `今天14:05`, `昨天09:30`, `10月9日18:00`, `2025年3月1日08:00`. */
export function whenPhrase(iso: string, now: Date): Phrase {
  const at = clockOf(new Date(iso));
  const today = clockOf(now);
  const time = `${at.hour}:${at.minute}`;
  const params = { year: at.year, month: at.month, day: at.day, time };
  switch (dayNumber(at) - dayNumber(today)) {
    case 0:
      return { key: "time.today", params };
    case -1:
      return { key: "time.yesterday", params };
    case 1:
      return { key: "time.tomorrow", params };
    default:
      return { key: at.year === today.year ? "time.thisYear" : "time.otherYear", params };
  }
}

/** The day without the time, for lists. */
export function dayPhrase(iso: string, now: Date): Phrase {
  const phrase = whenPhrase(iso, now);
  return { key: `${phrase.key}Day`, params: phrase.params };
}

/** The day of the week, as the reader's language has it: `周五`. */
export function weekdayName(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: ZONE, weekday: "short" }).format(new Date(iso));
}

/** How long until (or since) a moment, in the largest unit that says enough: `还剩2小时`, `超3天`. */
export function distancePhrase(iso: string, now: Date): Phrase {
  const ms = new Date(iso).getTime() - now.getTime();
  const side = ms >= 0 ? "left" : "over";
  const size = Math.abs(ms);
  if (size >= DAY_MS) return { key: `time.${side}Days`, params: { n: Math.floor(size / DAY_MS) } };
  if (size >= HOUR_MS) return { key: `time.${side}Hours`, params: { n: Math.floor(size / HOUR_MS) } };
  return { key: `time.${side}Minutes`, params: { n: Math.max(1, Math.floor(size / MINUTE_MS)) } };
}

/** `2026-10-09 18:00` in the city's time: for a tooltip or a text field that a machine must not misread. */
export function plainTime(iso: string): string {
  const at = clockOf(new Date(iso));
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.year}-${two(at.month)}-${two(at.day)} ${at.hour}:${at.minute}`;
}
