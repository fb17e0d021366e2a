import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { transformWithOxc } from 'vite';
import { describe, expect, test } from 'vitest';

const ORIGIN = 'https://messenger.test';

interface Answer {
  ok: boolean;
  from: string;
}

/** The caches of one browser, which outlive the workers. */
class Caches {
  readonly byName = new Map<string, Map<string, Answer>>();

  open = async (name: string) => {
    const entries = this.byName.get(name) ?? new Map<string, Answer>();
    this.byName.set(name, entries);
    return {
      match: async (path: string) => entries.get(path),
      put: async (path: string, answer: Answer) => void entries.set(path, answer),
    };
  };
  keys = async () => [...this.byName.keys()];
  delete = async (name: string) => this.byName.delete(name);
  match = async (path: string) => {
    for (const entries of this.byName.values()) if (entries.has(path)) return entries.get(path);
    return undefined;
  };
}

/** A server that has the files of one version only. */
class Server {
  readonly asked: string[] = [];
  files = new Set<string>();
  version = '';

  fetch = async (request: { url: string } | string): Promise<Answer> => {
    const path = typeof request === 'string' ? request : request.url.replace(ORIGIN, '');
    this.asked.push(path);
    return { ok: this.files.has(path), from: this.version };
  };
}

const source = readFileSync('src/sw/sw.ts', 'utf8');
const { code } = await transformWithOxc(source, 'sw.ts', { sourcemap: false });

/** Start the worker of a version, as the build writes it. */
function worker(version: string, files: string[], caches: Caches, server: Server) {
  type Listener = (event: Record<string, unknown>) => void;
  const listeners = new Map<string, Listener>();
  const skipped = { waiting: false };
  const claims = { made: 0 };
  const self = {
    location: { origin: ORIGIN },
    addEventListener: (type: string, listener: Listener) => void listeners.set(type, listener),
    skipWaiting: async () => void (skipped.waiting = true),
    clients: { claim: async () => void (claims.made += 1) },
  };
  class Request {
    constructor(readonly url: string) {}
  }
  const script = code.replaceAll('__PRECACHE__', JSON.stringify(files)).replaceAll('__VERSION__', JSON.stringify(version));
  runInNewContext(script, { self, caches, fetch: server.fetch, Request, URL });
  const raise = async (type: string, more: object = {}) => {
    const waits: unknown[] = [];
    listeners.get(type)?.({ ...more, waitUntil: (wait: unknown) => waits.push(wait) });
    await Promise.all(waits);
  };
  return {
    skipped,
    claims,
    install: () => raise('install'),
    activate: () => raise('activate'),
    say: (data: unknown) => raise('message', { data }),
    /** What it answers with; nothing when it leaves the request to the browser. */
    async asks(path: string, { mode = 'cors', method = 'GET' } = {}): Promise<Answer | undefined> {
      let answer: Promise<Answer> | undefined;
      const request = { url: path.startsWith('/') ? ORIGIN + path : path, mode, method };
      const waits: unknown[] = [];
      const respondWith = (promise: Promise<Answer>) => (answer = promise);
      listeners.get('fetch')?.({ request, respondWith, waitUntil: (wait: unknown) => waits.push(wait) });
      await Promise.all(waits);
      return answer;
    },
  };
}

async function deploy(version: string, caches: Caches, server: Server) {
  const files = ['/', '/manifest.webmanifest', `/assets/main-${version}.js`, `/assets/menu-${version}.js`, '/assets/react-1.js'];
  server.files = new Set(files);
  server.version = version;
  const started = worker(version, files, caches, server);
  await started.install();
  return started;
}

describe('the service worker', () => {
  test('opens the page at every address of its own without asking the server', async () => {
    const server = new Server();
    const sw = await deploy('a', new Caches(), server);
    await sw.activate();
    server.files.clear();
    for (const path of ['/', '/c/12', '/c/12/m/9', '/new', '/settings', '/settings/sessions', '/join/x']) {
      expect((await sw.asks(path, { mode: 'navigate' }))?.ok, path).toBe(true);
    }
    expect((await sw.asks('/assets/menu-a.js'))?.ok).toBe(true);
  });

  test.each(['/api/chats', '/api/docs', '/auth/login', '/ws', '/realms/messenger/account', '/resources/x.css', '/healthz'])(
    'leaves %s to the network',
    async (path) => {
      const sw = await deploy('a', new Caches(), new Server());
      expect(await sw.asks(path)).toBeUndefined();
      expect(await sw.asks(path, { mode: 'navigate' })).toBeUndefined();
      expect(await sw.asks('/', { method: 'POST' })).toBeUndefined();
      expect(await sw.asks(`https://elsewhere.test${path}`)).toBeUndefined();
    },
  );

  test('waits for the page to say when', async () => {
    const sw = await deploy('a', new Caches(), new Server());
    await sw.say('hello');
    expect(sw.skipped.waiting).toBe(false);
    await sw.say('skip-waiting');
    expect(sw.skipped.waiting).toBe(true);
  });

  test('still has the lazy parts of older pages after a deployment', async () => {
    const caches = new Caches();
    const server = new Server();
    for (const version of ['a', 'b', 'c']) await (await deploy(version, caches, server)).activate();
    const newest = await deploy('d', caches, server);
    await newest.activate();
    expect((await newest.asks('/assets/menu-c.js'))?.ok).toBe(true);
    expect((await newest.asks('/assets/menu-b.js'))?.ok).toBe(true);
    expect((await newest.asks('/assets/menu-a.js'))?.ok).toBe(false);
    expect((await newest.asks('/', { mode: 'navigate' }))?.from).toBe('d');
  });

  test('has everything again after its caches were wiped', async () => {
    const caches = new Caches();
    const sw = await deploy('a', caches, new Server());
    caches.byName.clear();
    expect((await sw.asks('/settings', { mode: 'navigate' }))?.ok).toBe(false);
    expect([...(caches.byName.get([...caches.byName.keys()][0] ?? '')?.keys() ?? [])]).toContain('/assets/menu-a.js');
  });

  test('tries again after its caches could not be filled to the end', async () => {
    const caches = new Caches();
    const server = new Server();
    const sw = await deploy('a', caches, server);
    caches.byName.clear();
    server.files.delete('/assets/menu-a.js');
    await sw.asks('/', { mode: 'navigate' });
    server.files.add('/assets/menu-a.js');
    await sw.asks('/', { mode: 'navigate' });
    server.files.clear();
    expect((await sw.asks('/', { mode: 'navigate' }))?.ok).toBe(true);
    expect((await sw.asks('/assets/menu-a.js'))?.ok).toBe(true);
  });

  test('loads only what has changed', async () => {
    const caches = new Caches();
    const server = new Server();
    await deploy('a', caches, server);
    server.asked.length = 0;
    await deploy('b', caches, server);
    expect(server.asked).toEqual(['/manifest.webmanifest', '/assets/main-b.js', '/assets/menu-b.js', '/']);
  });

  test('takes over a page that was not there when it became active', async () => {
    const sw = await deploy('a', new Caches(), new Server());
    await sw.activate();
    expect(sw.claims.made).toBe(1);
    await sw.say('claim');
    expect(sw.claims.made).toBe(2);
  });

  test('is not installed when a part of it is missing', async () => {
    const server = new Server();
    server.files = new Set(['/']);
    await expect(worker('a', ['/', '/assets/gone.js'], new Caches(), server).install()).rejects.toThrow('/assets/gone.js');
  });
});
