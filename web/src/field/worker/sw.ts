/**
 * The worker of the field face: opens it with no network. Cached is the app itself and nothing else; no answer of the API ever is.
 * Built to /field/sw.js, with the list of the app's files put in place of the two constants below (vite.config.ts).
 */
declare const __FIELD_FILES__: readonly string[];
declare const __FIELD_VERSION__: string;

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface WorkerScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  importScripts(url: string): void;
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}
const worker = self as unknown as WorkerScope;

const FILES = __FIELD_FILES__;
const PREFIX = "linli-field-";
const CACHE = PREFIX + __FIELD_VERSION__;
const SHELL = "/field/index.html";

// Notices: one worker for both, so that the browser keeps one subscription for this face.
worker.importScripts("/push-worker.js");

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
});

worker.addEventListener("activate", (event) => {
  const drop = async (): Promise<void> => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  event.waitUntil(drop());
});

// The page asks when nobody is in the middle of a form.
worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
});

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const isPage = request.mode === "navigate";
  const found = await cache.match(isPage ? SHELL : request, { ignoreSearch: true });
  return found ?? fetch(request);
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin || url.pathname.startsWith("/api/")) return;
  const isPage = request.mode === "navigate" && url.pathname.startsWith("/field");
  if (isPage || FILES.includes(url.pathname)) event.respondWith(kept(request));
});
