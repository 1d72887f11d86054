/** Asks the service worker to keep this page for a while without a network. Browsers have one on secure addresses only. */

export function keepOffline(): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker
    .register("/worker.js")
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => registration.active?.postMessage({ keep: needed() }))
    .catch(() => undefined); // a browser that will not keep it shows the page all the same
}

/** Everything that this page was made of: itself, its files, and the schedule that it asked for. */
function needed(): string[] {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  return [location.href, ...loaded].filter((address) => new URL(address).origin === location.origin);
}
