import { wrap, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from 'idb';
import type { Chat, Draft, Id, Message, Person, Quote, Refusal } from './model.ts';
import type { Segment } from './windows.ts';

const VERSION = 1;
const PREFIX = 'messenger-';

/** A message on its way; the client id is its name for ever. */
export interface Entry {
  clientId: string;
  chatId: Id;
  text: string;
  replyTo: Quote | null;
  at: number;
  state: 'pending' | 'failed';
  refusal: Refusal | null;
}

/** The newest messages of a chat, and the version that they are of. */
export interface CachedTail extends Segment {
  chatId: Id;
  version: number;
  messages: Message[];
}

interface Schema extends DBSchema {
  me: { key: Id; value: Person };
  chats: { key: Id; value: Chat };
  people: { key: Id; value: Person };
  tails: { key: Id; value: CachedTail };
  drafts: { key: Id; value: Draft & { chatId: Id } };
  outbox: { key: string; value: Entry };
}

export type StoreName = 'me' | 'chats' | 'people' | 'tails' | 'drafts' | 'outbox';
type Store<N extends StoreName> = IDBPObjectStore<Schema, [N], N, 'readwrite'>;

/** All that is painted before the server has answered. */
export interface Painted {
  me: Person | undefined;
  chats: Chat[];
  people: Person[];
  drafts: (Draft & { chatId: Id })[];
  outbox: Entry[];
}

/** What this browser keeps for one person. A failure is told once; after it nothing is kept, and nothing breaks. */
export class Cache {
  private constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly onLost: () => void,
  ) {}

  /** Open or make the person's database; null where the browser refuses. */
  static async open(factory: IDBFactory | null, userId: Id, onLost: () => void): Promise<Cache | null> {
    if (!factory) return null;
    try {
      const request = factory.open(PREFIX + String(userId), VERSION);
      request.onupgradeneeded = () => makeStores(request.result);
      const db = (await wrap(request)) as unknown as IDBPDatabase<Schema>;
      // Another tab wipes it, or runs a newer version of the page.
      db.addEventListener('versionchange', () => db.close());
      return new Cache(db, onLost);
    } catch {
      return null;
    }
  }

  async paint(): Promise<Painted | null> {
    return this.guard(async () => {
      const { db } = this;
      const [me, chats, people, drafts, outbox] = await Promise.all([
        db.getAll('me'),
        db.getAll('chats'),
        db.getAll('people'),
        db.getAll('drafts'),
        db.getAll('outbox'),
      ]);
      return { me: me[0], chats, people, drafts, outbox };
    });
  }

  async tail(chatId: Id): Promise<CachedTail | null> {
    return (await this.guard(() => this.db.get('tails', chatId))) ?? null;
  }

  /** The ids of the chats whose messages are kept. */
  async keptTails(): Promise<Id[]> {
    return (await this.guard(() => this.db.getAllKeys('tails'))) ?? [];
  }

  /** What is on its way, of all tabs; null where that cannot be told. */
  outbox(): Promise<Entry[] | null> {
    return this.guard(() => this.db.getAll('outbox'));
  }

  put<N extends StoreName>(store: N, ...values: Schema[N]['value'][]): Promise<void> {
    return this.write(store, (to) => values.map((value) => to.put(value)));
  }

  remove<N extends StoreName>(store: N, ...keys: Schema[N]['key'][]): Promise<void> {
    return this.write(store, (from) => keys.map((key) => from.delete(key)));
  }

  /** The whole change is handed over in this tick: a page that goes before it hears of its end has still written it. */
  private async write<N extends StoreName>(name: N, change: (store: Store<N>) => Promise<unknown>[]): Promise<void> {
    await this.guard(async () => {
      const transaction = this.db.transaction(name, 'readwrite');
      const changes = change(transaction.store);
      transaction.commit();
      await Promise.all([...changes, transaction.done]);
    });
  }

  close(): void {
    this.db.close();
  }

  private async guard<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch {
      this.onLost();
      return null;
    }
  }
}

function makeStores(db: IDBDatabase): void {
  // A later schema begins anew but for the outbox: all else can be fetched.
  for (const name of [...db.objectStoreNames]) if (name !== 'outbox') db.deleteObjectStore(name);
  for (const name of ['me', 'chats', 'people'] as const) db.createObjectStore(name, { keyPath: 'id' });
  for (const name of ['tails', 'drafts'] as const) db.createObjectStore(name, { keyPath: 'chatId' });
  if (!db.objectStoreNames.contains('outbox')) db.createObjectStore('outbox', { keyPath: 'clientId' });
}

/** Delete the databases of everyone who has used this browser. */
export async function deleteCaches(factory: IDBFactory | null, userId: Id): Promise<void> {
  if (!factory) return;
  const names = new Set([PREFIX + String(userId)]);
  try {
    // Not every browser can list them.
    for (const { name } of await factory.databases()) if (name?.startsWith(PREFIX)) names.add(name);
  } catch {
    names.add(PREFIX + String(userId));
  }
  await Promise.all(
    [...names].map(
      (name) =>
        new Promise<void>((done) => {
          const request = factory.deleteDatabase(name);
          request.onsuccess = request.onerror = request.onblocked = () => done();
        }),
    ),
  ).catch(() => undefined);
}
