import { IDBFactory } from 'fake-indexeddb';
import type { Channel, Environment, KeyValues, PageEvent } from '../environment.ts';
import { makeQueue } from '../environment.ts';
import { createEngine } from '../index.ts';
import type { Engine } from '../engine.ts';
import type { Id, Message, MessageWindow } from '../model.ts';
import type { Clock } from './clock.ts';
import type { ModelServer, ServerSocket } from './server.ts';

class Storage implements KeyValues {
  readonly values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
  removeItem = (key: string) => void this.values.delete(key);
}

/** One tab: its engine, and what happens to its page. */
export class Tab {
  readonly engine: Engine;
  readonly sockets: ServerSocket[] = [];
  fire: (event: PageEvent) => void = () => undefined;

  constructor(readonly env: Environment) {
    this.engine = createEngine(env);
  }

  get state() {
    return this.engine.store.getState();
  }

  window(chatId: Id): MessageWindow {
    const found = this.state.windows[chatId];
    if (!found) throw new Error(`no window of chat ${chatId}`);
    return found;
  }

  messages(chatId: Id): Message[] {
    return this.window(chatId).messages;
  }

  texts(chatId: Id): string[] {
    return this.messages(chatId).map((message) => message.text);
  }

  get socket(): ServerSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('no socket');
    return last;
  }
}

/** One browser: tabs share its disk, its locks and its channel. */
export class Browser {
  readonly indexedDB = new IDBFactory();
  readonly localStorage = new Storage();
  readonly caches = new Set(['shell-1']);
  isOnline = true;
  userId: Id;
  readonly tabs: Tab[] = [];
  private readonly alone = makeQueue();
  private readonly channels = new Set<Channel>();
  private uuids = 0;

  constructor(
    readonly clock: Clock,
    readonly server: ModelServer,
    userId: Id = 1,
    readonly random: () => number = () => 0.5,
  ) {
    this.userId = userId;
  }

  open(change: Partial<Environment> = {}): Tab {
    const tab: Tab = new Tab({ ...this.environment(), openSocket: () => this.openSocket(tab), ...change });
    this.tabs.push(tab);
    tab.engine.start();
    return tab;
  }

  async openOnline(change: Partial<Environment> = {}): Promise<Tab> {
    const tab = this.open(change);
    await this.clock.until(() => tab.state.connection === 'online');
    return tab;
  }

  close(tab: Tab): void {
    tab.engine.stop();
    this.tabs.splice(this.tabs.indexOf(tab), 1);
  }

  /** The network goes or comes back: sockets die, requests fail, the pages are told. */
  setOnline(isOnline: boolean): void {
    this.isOnline = isOnline;
    if (!isOnline) for (const tab of this.tabs) tab.sockets.forEach((socket) => socket.drop());
    for (const tab of this.tabs) tab.fire(isOnline ? 'online' : 'offline');
  }

  private openSocket(tab: Tab): ServerSocket {
    const socket = this.server.connect(this.userId);
    tab.sockets.push(socket);
    if (!this.isOnline) this.clock.setTimeout(() => socket.drop(), 0);
    return socket;
  }

  private environment(): Environment {
    const { clock, server } = this;
    return {
      origin: 'https://messenger.test',
      language: 'en',
      fetch: (url, init) =>
        this.isOnline ? server.fetch(this.userId, url, init) : Promise.reject(new TypeError('Failed to fetch')),
      openSocket: () => {
        throw new Error('given by open');
      },
      now: () => clock.now,
      setTimeout: clock.setTimeout,
      clearTimeout: clock.clearTimeout,
      random: this.random,
      uuid: () => {
        this.uuids += 1;
        return `00000000-0000-4000-8000-${String(this.userId * 1_000_000 + this.uuids).padStart(12, '0')}`;
      },
      indexedDB: this.indexedDB,
      localStorage: this.localStorage,
      caches: {
        keys: () => Promise.resolve([...this.caches]),
        delete: (name) => Promise.resolve(this.caches.delete(name)),
      },
      alone: this.alone,
      openChannel: () => this.openChannel(),
      isOnline: () => this.isOnline,
      listen: (on) => {
        const tab = this.tabs.at(-1);
        if (tab) tab.fire = on;
        return () => undefined;
      },
      watchUpdates: () => undefined,
    };
  }

  private openChannel(): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (message) => {
        const data: unknown = structuredClone(message);
        for (const other of this.channels) {
          if (other !== channel) this.clock.setTimeout(() => other.onmessage?.({ data }), 1);
        }
      },
      close: () => void this.channels.delete(channel),
    };
    this.channels.add(channel);
    return channel;
  }
}
