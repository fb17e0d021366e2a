import { Alarm, backoff } from './backoff.ts';
import { Cache, deleteCaches, type Painted } from './db.ts';
import { RequestError } from './engine.ts';
import type { Environment, PageEvent } from './environment.ts';
import type { Connection, EndReason, Id } from './model.ts';
import { Parts } from './parts.ts';
import { loadUser, saveUser, wipeSettings } from './settings.ts';
import type { Link } from './socket.ts';
import { initialState } from './store.ts';
import type { TabMessage } from './tabs.ts';
import type { Bootstrap } from './wire.ts';

const FRESH_MS = 10_000;

/** The life of a session in this tab: painted, confirmed by the server, connected, and in the end wiped. */
export class Session {
  readonly parts: Parts;
  /** How far the server's clock is ahead of ours. */
  clockAhead = 0;
  private bootstrappedAt = -Infinity;
  private failures = 0;
  private running = false;
  private unlisten: (() => void) | null = null;
  private readonly again: Alarm;

  constructor(private readonly env: Environment) {
    this.again = new Alarm(env);
    this.parts = new Parts(env, {
      onEnded: (reason) => void this.end(reason ?? (this.parts.cell.me ? 'expired' : 'none'), true),
      onTab: (message, isOurs) => this.hearTab(message, isOurs),
      live: {
        onOpen: (link, userId) => this.opened(link, userId),
        onLost: () => {
          this.parts.sync.lost();
          this.showConnection(this.env.isOnline() ? 'connecting' : 'offline');
        },
      },
      onUpToDate: (link) => this.upToDate(link),
    });
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.unlisten = this.env.listen((event) => this.hearPage(event));
    this.parts.tabs.open();
    this.showConnection(this.env.isOnline() ? 'connecting' : 'offline');
    void this.begin();
  }

  stop(): void {
    this.running = false;
    this.unlisten?.();
    this.halt();
    this.parts.tabs.close();
    this.parts.cache?.close();
    this.parts.cache = null;
  }

  private halt(): void {
    const { live, sync, outbox, reading, typing, drafts, persist } = this.parts;
    this.again.clear();
    for (const part of [live, sync, outbox, reading, typing, drafts, persist]) part.stop();
  }

  /** Begin again after `failed`. */
  async begin(): Promise<void> {
    this.parts.cell.set({ phase: 'loading' });
    const userId = loadUser(this.env);
    if (userId) await this.paint(userId);
    if (this.running) await this.bootstrap();
  }

  /** Show what this browser has kept, before the server says anything. */
  private async paint(userId: Id): Promise<void> {
    const painted = await this.openCache(userId);
    const me = painted?.me;
    if (!me || !this.running) return;
    const { cell, chats, people, persist, live } = this.parts;
    cell.batch(() => {
      cell.set({ me, phase: 'ready' });
      people.put(painted.people);
      for (const chat of painted.chats) chats.put(chat);
      persist.painted(painted.chats, cell.get().people);
      this.takeUnsaved(painted);
    });
    persist.start();
    live.start();
  }

  private takeUnsaved({ drafts, outbox }: Painted): void {
    const { cell } = this.parts;
    const byChat = Object.fromEntries(drafts.map(({ chatId, ...draft }) => [chatId, draft]));
    cell.set({ drafts: { ...byChat, ...cell.get().drafts } });
    this.parts.outbox.adopt(outbox);
  }

  private async openCache(userId: Id): Promise<Painted | null> {
    const { cell } = this.parts;
    const lost = () => {
      if (this.running && cell.get().phase === 'ready') cell.set({ storage: false });
    };
    const cache = await Cache.open(this.env.indexedDB, userId, lost);
    const painted = cache ? await cache.paint() : null;
    this.parts.cache = painted ? cache : null;
    cell.set({ storage: painted !== null });
    return painted;
  }

  /** Ask who we are and what there is; also again, when we have been away. */
  private async bootstrap(): Promise<void> {
    const { api, cell } = this.parts;
    const startedAt = this.env.now();
    try {
      const told = await api.get<Bootstrap>('/api/bootstrap');
      if (!this.running || cell.get().phase === 'signed-out') return;
      this.failures = 0;
      await this.confirm(told);
      this.bootstrappedAt = startedAt;
    } catch (error) {
      this.bootstrapFailed(error);
    }
  }

  private bootstrapFailed(error: unknown): void {
    const { cell } = this.parts;
    const { phase } = cell.get();
    if (!this.running || phase === 'signed-out') return;
    if (phase === 'loading') {
      cell.set({ phase: 'failed' });
      return;
    }
    const wait = error instanceof RequestError ? (error.retryAfter ?? 0) * 1000 : 0;
    this.again.set(Math.max(wait, backoff(this.failures, this.env.random)), () => void this.bootstrap());
    this.failures += 1;
  }

  /** The server says whose session this is. */
  private async confirm(told: Bootstrap): Promise<void> {
    const { cell, directory, persist, live, outbox, tabs } = this.parts;
    const before = cell.me;
    if (before && before !== told.me.id) await this.wipe(before);
    if (before !== told.me.id) {
      const painted = await this.openCache(told.me.id);
      cell.set({ me: { id: told.me.id, username: told.me.username, name: told.me.name } });
      if (painted) this.takeUnsaved(painted);
      saveUser(this.env, told.me.id);
      tabs.tell({ kind: 'signed-in' });
    }
    if (!this.running) return;
    this.clockAhead = Date.parse(told.server_time) - this.env.now() || 0;
    cell.batch(() => {
      directory.takeBootstrap(told);
      cell.set({ phase: 'ready' });
    });
    persist.start();
    live.start();
    // Not before it is certain whose messages these are.
    outbox.start();
  }

  private opened(link: Link, userId: Id): void {
    const { cell, sync, live, outbox } = this.parts;
    if (userId && userId !== cell.me) {
      // The cookies have become somebody else's.
      outbox.stop();
      live.stop();
      void this.bootstrap();
      return;
    }
    if (cell.get().connection !== 'online') this.showConnection('syncing');
    sync.begin(link);
    if (!userId) return;
    outbox.start();
    const isFresh = this.env.now() - this.bootstrappedAt < FRESH_MS;
    if (isFresh) this.parts.directory.refreshNewest().catch(() => undefined);
    else if (!this.again.isSet) void this.bootstrap();
  }

  private upToDate(link: Link): void {
    const { live, reading, outbox, history, cell } = this.parts;
    live.settle(link);
    this.showConnection('online');
    reading.flush();
    outbox.wake();
    const { active, windows } = cell.get();
    if (active === null) return;
    const error = windows[active]?.error;
    if (error === 'open') history.open(active);
    else if (error === 'older') void history.older(active);
    else if (error === 'newer') void history.newer(active);
  }

  private showConnection(connection: Connection): void {
    const { cell } = this.parts;
    const since = cell.get().awaySince || this.env.now();
    cell.set({ connection, awaySince: connection === 'online' ? 0 : since });
  }

  private hearPage(event: PageEvent): void {
    const { live, outbox, drafts, persist, cell } = this.parts;
    if (event === 'hide') {
      drafts.flush();
      void persist.save();
    } else if (event === 'offline') {
      this.showConnection('offline');
    } else {
      // A socket that has outlived the outage is looked at by `wake`.
      if (cell.get().connection === 'offline' && this.env.isOnline()) {
        this.showConnection(live.isOpen ? 'online' : 'connecting');
      }
      live.wake();
      outbox.wake();
    }
  }

  private hearTab(message: TabMessage, isOurs: boolean): void {
    const { outbox, reading, drafts, cell } = this.parts;
    switch (message.kind) {
      case 'queued':
        outbox.adoptQueued(message.entry);
        break;
      case 'unqueued':
        outbox.adoptSettled(message.clientId, message.message);
        break;
      case 'paused':
        outbox.pauseUntil(message.until);
        break;
      case 'read':
        reading.heard(message.chatId, message.messageId);
        break;
      case 'draft':
        drafts.heard(message.chatId, message.draft);
        break;
      case 'settings':
        cell.set({ settings: message.settings });
        break;
      case 'ended':
        void this.end(message.reason, false);
        break;
      case 'signed-in':
        if (isOurs || !cell.me) break;
        outbox.stop();
        void this.bootstrap();
        break;
    }
  }

  /** The session is over: nothing of it stays in this browser. */
  async end(reason: EndReason, tellTabs: boolean): Promise<void> {
    const { cell, outbox, tabs } = this.parts;
    const { phase } = cell.get();
    if (phase === 'signed-out' || !this.running) return;
    const { me } = cell;
    const unsentLost = outbox.unsent().length;
    if (tellTabs && me) tabs.tell({ kind: 'ended', reason });
    const wiped = this.wipe(me);
    cell.set({ phase: 'signed-out', endReason: reason, unsentLost });
    await wiped;
  }

  /** Forget a person, in memory at once and on the disk as soon as can be. */
  private async wipe(userId: Id): Promise<void> {
    const { cell, chats, timelines, people, directory, outbox, cache } = this.parts;
    this.halt();
    for (const part of [chats, timelines, people, directory, outbox]) part.clear();
    this.bootstrappedAt = -Infinity;
    const { updateReady, connection, awaySince } = cell.get();
    const settings = wipeSettings(this.env, cell.get().settings);
    cell.set({ ...initialState(settings), updateReady, connection, awaySince });
    cache?.close();
    this.parts.cache = null;
    await deleteCaches(this.env.indexedDB, userId);
    if (userId) await this.forgetFiles();
    // The server's Clear-Site-Data may have taken theme and language along.
    wipeSettings(this.env, settings);
  }

  private async forgetFiles(): Promise<void> {
    try {
      const names = (await this.env.caches?.keys()) ?? [];
      for (const name of names) await this.env.caches?.delete(name);
    } catch {
      // Where caches are refused there are none.
    }
  }
}
