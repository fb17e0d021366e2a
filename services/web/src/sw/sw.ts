/**
 * The service worker: the page and all its parts from this browser, also without a network.
 *
 * It answers for the files of the page alone, by a list of what it may; everything else (/api, /auth, /ws, /realms, …)
 * goes to the network as if it were not here. Each version keeps its files in a cache of its own. A new version waits
 * until the page says `skip-waiting`; the caches of the two versions before it stay, so that a tab which still runs
 * an older page finds the parts that it has not loaded yet. The end of a session takes all caches with it: the next
 * page that is opened fills them again.
 */

/** Put in by scripts/shell.ts: what this version consists of, and a hash over it. */
declare const __PRECACHE__: string[];
declare const __VERSION__: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = 'shell-';
const CACHE = PREFIX + __VERSION__;
const KEPT = 3;
const PAGE = '/';
/** The page's own addresses; the gateway knows the same (gateway_app/controllers/web_client.py). */
const ROUTES = /^\/(?:c\/[^/]+(?:\/m\/[^/]+)?|new|settings(?:\/[^/]+)*|join\/[^/]+)?$/;

/** A file with a hash in its name is the same in every version: an earlier cache may have it. */
async function add(cache: Cache, path: string): Promise<void> {
  const known = path.startsWith('/assets/') ? await caches.match(path) : undefined;
  const response = known ?? (await fetch(new Request(path, { cache: 'reload' })));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  await cache.put(path, response);
}

/** The page comes last: where it is kept, all its parts are, whatever has ended an earlier attempt. */
async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(__PRECACHE__.filter((path) => path !== PAGE).map((path) => add(cache, path)));
  await add(cache, PAGE);
}

async function activate(): Promise<void> {
  const versions = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  // In the order of their making: the last ones are the newest.
  const old = versions.slice(0, Math.max(0, versions.length - (KEPT - 1)));
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function kept(path: string): Promise<Response | undefined> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? (path.startsWith('/assets/') ? caches.match(path) : undefined);
}

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));
worker.addEventListener('message', (event) => {
  if (event.data === 'skip-waiting') event.waitUntil(worker.skipWaiting());
  if (event.data === 'claim') event.waitUntil(worker.clients.claim());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== worker.location.origin) return;
  const isPage = request.mode === 'navigate' && ROUTES.test(pathname);
  if (!isPage && !pathname.startsWith('/assets/') && !__PRECACHE__.includes(pathname)) return;
  const found = kept(isPage ? PAGE : pathname);
  event.respondWith(found.then((response) => response ?? fetch(request)));
  if (isPage) event.waitUntil(found.then((response) => (response ? undefined : install().catch(() => undefined))));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { path } = (event.notification.data ?? {}) as { path?: string };
  event.waitUntil(show(path ?? '/'));
});

/** Bring a window to the front and let it open `path`; without a window, open one. */
async function show(path: string): Promise<void> {
  const [window] = await worker.clients.matchAll({ type: 'window' });
  if (!window) {
    await worker.clients.openWindow(path);
    return;
  }
  await window.focus();
  window.postMessage({ type: 'open', path });
}
