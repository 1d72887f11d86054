/**
 * The service worker: keeps what everybody may see, so that a schedule can be read for a while without a network.
 *
 * Files whose names change with their content are served from the store; everything else is asked for first, and the
 * copy is what remains when no answer comes. What the server does not call public is never kept.
 */

export {};

declare const self: ServiceWorkerGlobalScope;

interface ServiceWorkerGlobalScope {
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: ExtendableEvent & { data: unknown }) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends ExtendableEvent {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

const STORE = "callboard-1";
/** Pages and schedules that are kept; the oldest go first. Built files are few. */
const MOST = 60;
/** A network that has not answered by then is as good as none, if there is a copy. */
const PATIENCE = 4_000;

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(cleared().then(() => self.clients.claim())));
self.addEventListener("message", (event) => {
  const { keep } = event.data as { keep?: string[] };
  if (keep) event.waitUntil(Promise.allSettled(keep.map((address) => fetched(new Request(address)))));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (address.pathname.startsWith("/static/")) event.respondWith(keptFirst(request));
  else if (request.mode === "navigate" || address.pathname.endsWith("/published")) event.respondWith(networkFirst(request));
});

async function keptFirst(request: Request): Promise<Response> {
  return (await kept(request)) ?? fetched(request);
}

async function networkFirst(request: Request): Promise<Response> {
  const copy = await kept(request);
  if (!copy) return fetched(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(copy), PATIENCE));
  return Promise.race([fetched(request), late]).catch(() => copy);
}

/** Copies are looked up by path: what the address asks for beside it only concerns how the page is shown. */
async function kept(request: Request): Promise<Response | undefined> {
  return (await caches.open(STORE)).match(request, { ignoreSearch: true, ignoreVary: true });
}

async function fetched(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.ok && !response.redirected && /\bpublic\b/.test(response.headers.get("Cache-Control") ?? "")) {
    const store = await caches.open(STORE);
    const address = new URL(request.url);
    await store.put(address.origin + address.pathname, response.clone());
    await trim(store);
  }
  return response;
}

async function trim(store: Cache): Promise<void> {
  const entries = await store.keys();
  await Promise.all(entries.slice(0, Math.max(0, entries.length - MOST)).map((entry) => store.delete(entry)));
}

async function cleared(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("callboard-") && name !== STORE).map((name) => caches.delete(name)));
}
