import { onBeforeUnmount, ref, watch, type Ref } from "vue";

export type LiveState = "connecting" | "live" | "lost";

export interface LiveOptions {
  /** Called for each event of the named kinds, with its parsed data. */
  on: Record<string, (data: unknown) => void>;
  /** Called when the stream is back after a break: something may have been missed, so fetch again. */
  onResume?: () => void;
}

/** Milliseconds before a stream that the server ended is opened again. Doubles up to a minute. */
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Server-sent events at `url` for as long as the component lives. A hidden page lets the stream go (browsers allow
 * six per host on HTTP/1.1, and phones sleep) and catches up through `onResume` when it is seen again.
 */
export function useLive(url: () => string | null, options: LiveOptions): { state: Ref<LiveState> } {
  const state = ref<LiveState>("connecting");
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let broken = false;

  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function open(): void {
    close();
    const address = url();
    if (address === null || document.visibilityState === "hidden") return;
    const stream = new EventSource(address);
    source = stream;
    stream.onopen = () => {
      state.value = "live";
      retryMs = FIRST_RETRY_MS;
      if (broken) options.onResume?.();
      broken = false;
    };
    stream.onerror = () => {
      broken = true;
      state.value = "lost";
      // CONNECTING: the browser retries by itself. CLOSED: the server refused, so we ask again later.
      if (stream.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    };
    // The server dropped news for a slow listener: look at everything anew.
    stream.addEventListener("again", () => options.onResume?.());
    for (const [name, handler] of Object.entries(options.on)) {
      stream.addEventListener(name, (event) => {
        if (event instanceof MessageEvent && typeof event.data === "string") handler(parse(event.data));
      });
    }
  }

  function onVisibility(): void {
    if (document.visibilityState === "hidden") {
      broken = true;
      close();
    } else {
      open();
    }
  }

  document.addEventListener("visibilitychange", onVisibility);
  watch(url, open, { immediate: true });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  });
  return { state };
}
