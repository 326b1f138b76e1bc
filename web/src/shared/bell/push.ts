/** The browser's own notifications (Push API), where it has them. */
import { api, unwrap } from "../api/client";

interface Worker {
  url: string;
  scope: string;
}

const COMMON: Worker = { url: "/push-worker.js", scope: "/" };
/** The field face has a worker already, which shows notices too. */
const FIELD: Worker = { url: "/field/sw.js", scope: "/field/" };

const worker = (): Worker => (location.pathname.startsWith("/field") ? FIELD : COMMON);

export const canPush = (): boolean => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** One browser shows a notice once, whichever face asked for it. */
async function subscription(): Promise<PushSubscription | null> {
  for (const { scope } of [FIELD, COMMON]) {
    const known = await navigator.serviceWorker.getRegistration(scope);
    // Below the narrower scope the browser may name the wider worker: each is asked for itself.
    if (known === undefined || new URL(known.scope).pathname !== scope) continue;
    const made = await known.pushManager.getSubscription();
    if (made !== null) return made;
  }
  return null;
}

/** A worker that does its work: a subscription waits for it. */
async function active({ url, scope }: Worker): Promise<ServiceWorkerRegistration> {
  const known = await navigator.serviceWorker.register(url, { scope });
  const coming = known.installing ?? known.waiting;
  if (known.active !== null || coming === null) return known;
  return new Promise((resolve) => {
    coming.addEventListener("statechange", () => {
      if (coming.state === "activated") resolve(known);
    });
  });
}

/** Whether this browser shows one's notices. */
export async function isPushed(): Promise<boolean> {
  return canPush() && (await subscription()) !== null;
}

/** Asks the person, then the browser; `false` when the person says no. */
export async function startPush(key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const ready = await active(worker());
  const made = await ready.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
  const { endpoint, keys } = made.toJSON();
  await unwrap(
    api.POST("/api/notices/browsers", { body: { endpoint: endpoint ?? "", keys: { p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" } } }),
  );
  return true;
}

export async function stopPush(): Promise<void> {
  const made = await subscription();
  if (made === null) return;
  await unwrap(api.POST("/api/notices/browsers/remove", { body: { endpoint: made.endpoint } }));
  await made.unsubscribe();
}
