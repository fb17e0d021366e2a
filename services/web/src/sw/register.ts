const HOUR_MS = 3_600_000;

export interface Update {
  /** Let the new version take over; every tab of this browser is loaded anew then. */
  apply(): void;
}

/**
 * Register /sw.js (production builds only) and call `onUpdate` when a new version has been fetched and waits.
 * Asks for a new version every hour, because a messenger's tab stays open for days. Never rejects: in private windows
 * and in tests there may be no service workers, and the page works without.
 */
export async function registerServiceWorker(onUpdate: (update: Update) => void): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // Blocked workers (Playwright) resolve to nothing, whatever the types say.
  const registration = await (navigator.serviceWorker.register('/sw.js') as Promise<
    ServiceWorkerRegistration | undefined
  >).catch(() => undefined);
  if (!registration) return;

  // The first worker ever takes over a page that is as new as itself: nothing to load anew.
  let isFirst = !navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    // The end of a session takes the worker away: the page stays, and says why.
    if (!navigator.serviceWorker.controller) return;
    if (!isFirst) window.location.reload();
    isFirst = false;
  });
  // A page that was on its way while the worker became active was not there to be claimed, and says that it is now.
  void navigator.serviceWorker.ready.then(({ active }) => {
    if (!navigator.serviceWorker.controller) active?.postMessage('claim');
  });
  const announce = (worker: ServiceWorker) =>
    onUpdate({ apply: () => { worker.postMessage('skip-waiting'); } });
  const watch = (worker: ServiceWorker) => {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'installed' && navigator.serviceWorker.controller) announce(worker);
    });
  };
  if (registration.waiting && navigator.serviceWorker.controller) announce(registration.waiting);
  if (registration.installing) watch(registration.installing);
  registration.addEventListener('updatefound', () => {
    if (registration.installing) watch(registration.installing);
  });
  setInterval(() => void registration.update().catch(() => undefined), HOUR_MS);
}
