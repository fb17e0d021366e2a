import { registerServiceWorker, type Update } from '../sw/register.ts';

/** The part of a WebSocket that the engine uses. */
export interface SocketLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

export interface KeyValues {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** `wake`: the page is visible again. `hide`: it may be frozen or closed at any moment. */
export type PageEvent = 'online' | 'offline' | 'wake' | 'hide';

export type Timer = ReturnType<typeof setTimeout>;

/** All that the engine needs of the browser; tests bring their own. */
export interface Environment {
  origin: string;
  language: 'en' | 'ru';
  fetch(url: string, init: RequestInit): Promise<Response>;
  openSocket(url: string): SocketLike;
  now(): number;
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
  random: () => number;
  uuid(): string;
  indexedDB: IDBFactory | null;
  localStorage: KeyValues | null;
  caches: Pick<CacheStorage, 'keys' | 'delete'> | null;
  /** Run alone among all tabs. */
  alone<T>(name: string, run: () => Promise<T>): Promise<T>;
  openChannel(name: string): Channel;
  isOnline(): boolean;
  listen(on: (event: PageEvent) => void): () => void;
  watchUpdates(onUpdate: (update: Update) => void): void;
}

function attempt<T>(take: () => T): T | null {
  try {
    return take();
  } catch {
    return null; // Storage that is blocked throws when it is only looked at.
  }
}

function listen(on: (event: PageEvent) => void): () => void {
  const ends = new AbortController();
  const { signal } = ends;
  window.addEventListener('online', () => on('online'), { signal });
  window.addEventListener('offline', () => on('offline'), { signal });
  window.addEventListener('pagehide', () => on('hide'), { signal });
  window.addEventListener('pageshow', () => on('wake'), { signal });
  document.addEventListener('visibilitychange', () => on(document.hidden ? 'hide' : 'wake'), { signal });
  return () => ends.abort();
}

/** Only secure contexts have `crypto.randomUUID`; a messenger tried out over plain HTTP is none. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A queue within this tab, for browsers without Web Locks. */
export function makeQueue(): Environment['alone'] {
  let last: Promise<unknown> = Promise.resolve();
  return (_name, run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}

const SILENT: Channel = { onmessage: null, postMessage: () => undefined, close: () => undefined };

export function browserEnvironment(): Environment {
  const locks = navigator.locks as LockManager | undefined;
  const queue = makeQueue();
  return {
    origin: window.location.origin,
    language: navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en',
    fetch: (url, init) => fetch(url, init),
    openSocket: (url) => new WebSocket(url) as SocketLike,
    now: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    random: () => Math.random(),
    uuid,
    indexedDB: attempt(() => window.indexedDB),
    localStorage: attempt(() => window.localStorage),
    caches: attempt(() => window.caches),
    alone: locks ? (name, run) => locks.request(name, run) : queue,
    openChannel: (name) => attempt(() => new BroadcastChannel(name) as Channel) ?? SILENT,
    isOnline: () => navigator.onLine,
    listen,
    watchUpdates: (onUpdate) => void registerServiceWorker(onUpdate),
  };
}
