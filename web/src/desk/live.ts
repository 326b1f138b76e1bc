/** Live events of the whole desk: the shell holds the one stream, parts say what they do when something changed. */
import { onScopeDispose } from "vue";

/** A case that changed, as the event stream says it. */
export interface LiveCase {
  id: string;
  version: number;
  type: string;
}

/** Called once for a burst of events; `missed` when the stream was away and events may have been lost. */
type Reaction = (changed: readonly LiveCase[], missed: boolean) => unknown;

interface Watcher {
  settleMs: number;
  react: Reaction;
  seen: LiveCase[];
  missed: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const watchers = new Set<Watcher>();

function isLiveCase(data: unknown): data is LiveCase {
  return typeof data === "object" && data !== null && "id" in data && "version" in data;
}

function wake(watcher: Watcher): void {
  watcher.timer ??= setTimeout(() => {
    const { seen, missed } = watcher;
    watcher.seen = [];
    watcher.missed = false;
    watcher.timer = undefined;
    watcher.react(seen, missed);
  }, watcher.settleMs);
}

/** Passes an event on: a case that changed, or anything else when only counts did. */
export function tellLive(data: unknown): void {
  for (const watcher of watchers) {
    if (isLiveCase(data)) watcher.seen.push(data);
    wake(watcher);
  }
}

/** The stream is back after a break. */
export function tellMissed(): void {
  for (const watcher of watchers) {
    watcher.missed = true;
    wake(watcher);
  }
}

/** For as long as the calling component lives, runs `react` once after each burst of events. */
export function useLiveEvents(settleMs: number, react: Reaction): void {
  const watcher: Watcher = { settleMs, react, seen: [], missed: false, timer: undefined };
  watchers.add(watcher);
  onScopeDispose(() => {
    clearTimeout(watcher.timer);
    watchers.delete(watcher);
  });
}
