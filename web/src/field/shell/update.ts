/** The app's own updates: a new version waits until its user lets it in, and never takes a page away in the middle of a form. */
import { ref, type Ref } from "vue";

const waiting = ref(false);
let registration: ServiceWorkerRegistration | null = null;
let asked = false;

/** Phones keep an app open for days: it looks for a new version so often. Unit: ms. */
const LOOK_MS = 3_600_000;

function watchFor(coming: ServiceWorker | null): void {
  coming?.addEventListener("statechange", () => {
    // The first worker of a browser takes over nothing: it is no update.
    if (coming.state === "installed" && navigator.serviceWorker.controller !== null) waiting.value = true;
  });
}

/** Begins to keep the app on this phone. Where browsers keep nothing (plain http) the face works online. */
export async function keepApp(): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // Only the page that asked: another tab may hold a half-written form.
    if (asked) location.reload();
  });
  try {
    registration = await navigator.serviceWorker.register("/field/sw.js", { scope: "/field/" });
  } catch {
    return;
  }
  waiting.value = registration.waiting !== null && navigator.serviceWorker.controller !== null;
  watchFor(registration.installing);
  registration.addEventListener("updatefound", () => watchFor(registration?.installing ?? null));
  setInterval(() => void registration?.update().catch(() => undefined), LOOK_MS);
}

/** Lets the new version in; the page loads anew. */
export function takeUpdate(): void {
  asked = true;
  registration?.waiting?.postMessage("take over");
}

export const useUpdate = (): { waiting: Ref<boolean> } => ({ waiting });
