/** The browser's own notifications (Push API), where it has them. */
import { api, unwrap } from "../api/client";

const WORKER = "/push-worker.js";

export const canPush = (): boolean => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

async function subscription(): Promise<PushSubscription | null> {
  const known = await navigator.serviceWorker.getRegistration(WORKER);
  return (await known?.pushManager.getSubscription()) ?? null;
}

/** Whether this browser shows one's notices. */
export async function isPushed(): Promise<boolean> {
  return canPush() && (await subscription()) !== null;
}

/** Asks the person, then the browser; `false` when the person says no. */
export async function startPush(key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  await navigator.serviceWorker.register(WORKER, { scope: "/" });
  const ready = await navigator.serviceWorker.ready;
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
