/** Forms that were begun survive a tab that was killed: on an open phone, sealed. Without one nothing of them is kept. */
import { ref, watch, type Ref } from "vue";
import type { DraftKey } from "./database";
import { isFresh } from "./fresh";
import { isOpen, keepDraft, keptDraft } from "./phone";

/** A pause in typing, or between two taps. */
const KEEP_AFTER_MS = 300;
/** Begun and left; the oldest make way. */
const MOST_BEGUN = 20;

/** Forms of a kind, by what each is about. */
export class Begun<T> {
  readonly #key: Exclude<DraftKey, "note">;
  /** Whether one is kept. */
  readonly isWorth: (one: T) => boolean;
  #writing = Promise.resolve();

  /** What is not worth keeping any longer goes with the next write. */
  constructor(key: Exclude<DraftKey, "note">, isWorth: (one: T) => boolean = () => true) {
    this.#key = key;
    this.isWorth = isWorth;
  }

  async #all(): Promise<Record<string, T>> {
    const found = await keptDraft(this.#key);
    if (typeof found !== "object" || found === null) return {};
    return Object.fromEntries(Object.entries(found as Record<string, T>).filter(([, one]) => this.isWorth(one)));
  }

  /** `null` where nothing was begun, or nobody may read it. */
  async last(name: string): Promise<T | null> {
    await this.#writing;
    return isOpen() ? ((await this.#all())[name] ?? null) : null;
  }

  /** One write after the other: each reads what the one before left. A phone that was locked meanwhile keeps what it had. */
  put(name: string, one: T | null): Promise<void> {
    const write = async (): Promise<void> => {
      if (!isOpen()) return;
      const { [name]: _, ...others } = await this.#all();
      const kept = Object.entries(others).slice(1 - MOST_BEGUN);
      await keepDraft(this.#key, Object.fromEntries(one === null || !this.isWorth(one) ? kept : [...kept, [name, one]]));
    };
    this.#writing = this.#writing.then(write).catch(() => undefined);
    return this.#writing;
  }
}

/** Keeps a form as it is after each change; `null` while there is nothing to keep. Once dropped, nothing of it is kept any more, until another is begun in its place. */
export function useBegun<T>(begun: Begun<T>, name: () => string, now: () => T | null): { drop: () => void; anew: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDone = false;
  watch(
    () => JSON.stringify(now()),
    (text) => {
      clearTimeout(timer);
      const one = JSON.parse(text) as T | null;
      if (!isOpen() || isDone || one === null) return;
      const about = name();
      timer = setTimeout(() => void begun.put(about, one), KEEP_AFTER_MS);
    },
  );
  return {
    drop: () => {
      isDone = true;
      clearTimeout(timer);
      void begun.put(name(), null);
    },
    anew: () => (isDone = false),
  };
}

/** A form as far as it differs from one that was just opened. */
export interface KeptForm<T> {
  /** When it was last changed. */
  at: number;
  changed: Partial<T>;
}

/** Forms of a kind. Worth keeping are those of whose fields `typed` something was typed: to choose a place again takes no time. */
export const begunForms = <T extends object>(key: Exclude<DraftKey, "note">, typed: readonly (keyof T)[]): Begun<KeptForm<T>> =>
  new Begun<KeptForm<T>>(key, ({ at, changed }) => isFresh(at, Date.now()) && typed.some((field) => field in changed));

/** What of a form differs from one that was just opened. Pure. */
export function changedIn<T extends object>(form: T, fresh: T): Partial<T> {
  const fields = Object.keys(form) as (keyof T)[];
  return Object.fromEntries(fields.filter((field) => JSON.stringify(form[field]) !== JSON.stringify(fresh[field])).map((field) => [field, form[field]])) as Partial<T>;
}

export interface GoingOn {
  /** What was begun is in the form again. */
  back: Ref<boolean>;
  /** What was begun is still looked for. Nobody waits for it. */
  looking: Ref<boolean>;
  startOver: () => void;
  /** It is saved. */
  drop: () => void;
  /** Another one is begun in its place. */
  anew: () => void;
}

/** A form that was begun comes back and says so. `now` is the form as it is worth keeping. */
export function useGoingOn<T extends object>(begun: Begun<KeptForm<T>>, name: string, form: T, fresh: () => T, now: () => T = () => form): GoingOn {
  const back = ref(false);
  const looking = ref(true);
  let isOver = false;
  const kept = (): KeptForm<T> => {
    const one = { at: Date.now(), changed: changedIn(now(), fresh()) };
    // Nothing typed is always the same nothing: it is not written again with each page that comes from the server.
    return begun.isWorth(one) ? one : { at: 0, changed: {} };
  };
  const { drop, anew } = useBegun(begun, () => name, kept);

  async function bringBack(): Promise<void> {
    try {
      const one = await begun.last(name);
      // Whoever was quicker than the disk goes on with what they typed.
      if (one === null || isOver || begun.isWorth(kept())) return;
      Object.assign(form, one.changed);
      back.value = true;
    } finally {
      looking.value = false;
    }
  }
  void bringBack().catch(() => undefined);

  return {
    back,
    looking,
    startOver: () => {
      Object.assign(form, fresh());
      back.value = false;
    },
    drop: () => {
      isOver = true;
      back.value = false;
      drop();
    },
    anew,
  };
}
