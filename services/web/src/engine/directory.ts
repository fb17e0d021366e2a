import type { Api } from './api.ts';
import { sleep } from './backoff.ts';
import { RequestError } from './engine.ts';
import type { Changes } from './changes.ts';
import type { Chats } from './chats.ts';
import type { Environment } from './environment.ts';
import type { Id, Person } from './model.ts';
import type { People } from './people.ts';
import type { Reading } from './reading.ts';
import type { Cell } from './store.ts';
import type { Sync } from './sync.ts';
import type { Timelines } from './timelines.ts';
import { toChat, type Bootstrap, type ChatPage, type WireChat, type WirePerson } from './wire.ts';

const PAGE = 50;
const NEWEST = 20;
const SEEK_MS = [300, 1_000, 3_000];

export interface DirectoryPorts {
  env: Environment;
  cell: Cell;
  api: Api;
  chats: Chats;
  timelines: Timelines;
  people: People;
  reading: Reading;
  changes: Changes;
  sync: Sync;
  /** A chat that one had left is there again: what is held of it is old. */
  reload(chatId: Id): void;
}

/** Which chats there are: the list, single chats, and what a person does to them. */
export class Directory {
  private cursor: string | null = null;
  private loadingMore = false;
  private readonly fetching = new Map<Id, Promise<boolean>>();
  private readonly sought = new Set<Id>();

  constructor(private readonly ports: DirectoryPorts) {}

  /** Take what the first screen consists of. */
  takeBootstrap(told: Bootstrap): void {
    const { cell, people } = this.ports;
    cell.batch(() => {
      people.put([told.me, ...told.users]);
      const { me } = cell.get();
      if (me?.name !== told.me.name || me.username !== told.me.username) {
        cell.set({ me: { id: told.me.id, username: told.me.username, name: told.me.name } });
      }
      this.cursor = told.next_cursor;
      cell.set({ moreChats: told.next_cursor !== null });
      for (const wire of told.chats) this.adopt(wire);
    });
  }

  /** The newest chats, for one that was created while the socket was being opened. */
  async refreshNewest(): Promise<void> {
    const page = await this.ports.api.get<ChatPage>(`/api/chats?limit=${NEWEST}`);
    this.ports.cell.batch(() => page.items.forEach((wire) => this.adopt(wire)));
  }

  async loadMore(): Promise<void> {
    const { cell, api } = this.ports;
    if (this.cursor === null || this.loadingMore) return;
    this.loadingMore = true;
    try {
      const page = await api.get<ChatPage>(`/api/chats?limit=${PAGE}&cursor=${encodeURIComponent(this.cursor)}`);
      this.cursor = page.next_cursor;
      cell.batch(() => {
        cell.set({ moreChats: page.next_cursor !== null });
        for (const wire of page.items) this.adopt(wire);
      });
    } catch {
      // The list asks again when it is scrolled.
    } finally {
      this.loadingMore = false;
    }
  }

  /**
   * Take a chat as REST tells it. Where messages of it are held, a newer version must come frame by frame, or some
   * would be missing among them.
   */
  adopt(wire: WireChat): void {
    const { cell, chats, changes, sync, reading } = this.ports;
    const known = chats.get(wire.id);
    const told = toChat(wire, known, cell.me);
    if (wire.last_message) chats.saw(wire.id, wire.last_message.id);
    if (!known) {
      chats.put(told);
      changes.noteReaders(told);
      sync.adopted(wire.id);
      this.needPeople(wire);
      // Opened before it was known.
      if (this.ports.timelines.get(wire.id)?.error === 'not_found') this.ports.reload(wire.id);
      return;
    }
    const { muted, pinned } = told;
    if (known.member && (wire.version < known.version || this.isHeldOlder(wire, known.version))) {
      chats.change(wire.id, (chat) => ({ ...chat, muted, pinned }));
      if (wire.version > known.version) sync.catchUp(wire.id);
      return;
    }
    const { unread, readUpTo } = known;
    chats.put({ ...told, unread, readUpTo, lastMessage: keepKnown(told.lastMessage, known.lastMessage) });
    changes.noteReaders(told);
    reading.reconcile(wire.id, wire.read_up_to ?? readUpTo, wire.unread_count ?? unread, wire.version);
    sync.adopted(wire.id);
    this.needPeople(wire);
    if (!known.member) this.ports.reload(wire.id);
  }

  private isHeldOlder(wire: WireChat, version: number): boolean {
    return wire.version > version && this.ports.timelines.get(wire.id) !== undefined;
  }

  private needPeople({ last_message: last }: WireChat): void {
    if (last) this.ports.people.need([last.sender_id]);
  }

  /** Fetch one chat with all its people; false when it does not exist or is not ours any more. */
  fetch(chatId: Id): Promise<boolean> {
    const under = this.fetching.get(chatId);
    if (under) return under;
    const work = this.fetchNow(chatId).finally(() => this.fetching.delete(chatId));
    this.fetching.set(chatId, work);
    return work;
  }

  private async fetchNow(chatId: Id): Promise<boolean> {
    const { api, cell } = this.ports;
    try {
      const wire = await api.get<WireChat>(`/api/chats/${chatId}`);
      cell.batch(() => this.adopt(wire));
      return true;
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== 404) throw error;
      this.gone(chatId);
      return false;
    }
  }

  /**
   * A frame speaks of a chat that is not known. The log of the database is a moment ahead of what it answers, so a
   * "not found" counts only when it stays.
   */
  seek(chatId: Id): void {
    if (this.sought.has(chatId)) return;
    this.sought.add(chatId);
    void this.seekNow(chatId).finally(() => this.sought.delete(chatId));
  }

  private async seekNow(chatId: Id): Promise<void> {
    for (const wait of [...SEEK_MS, 0]) {
      try {
        const wire = await this.ports.api.get<WireChat>(`/api/chats/${chatId}`);
        this.ports.cell.batch(() => this.adopt(wire));
        return;
      } catch (error) {
        if (!(error instanceof RequestError) || error.status === 401) return;
        await sleep(this.ports.env, wait);
      }
    }
    if (!this.ports.chats.get(chatId)) this.gone(chatId);
  }

  /** `fetch` where nobody waits for the answer: after a failure the next synchronisation brings it. */
  refetch(chatId: Id): void {
    this.fetch(chatId).catch(() => undefined);
  }

  gone(chatId: Id): void {
    const { chats, timelines, sync, cell } = this.ports;
    cell.batch(() => {
      chats.drop(chatId);
      if (cell.get().active !== chatId) timelines.forget(chatId);
      sync.forget(chatId);
    });
  }

  /** A chat that was left is taken off the list when it is on the screen no more. */
  closed(chatId: Id): void {
    if (this.ports.chats.get(chatId)?.member === false) this.gone(chatId);
  }

  async create(body: object): Promise<Id> {
    const wire = await this.ports.api.post<WireChat>('/api/chats', body);
    this.ports.cell.batch(() => this.adopt(wire));
    return wire.id;
  }

  /** Change a chat by a call that answers with it. */
  async change(method: 'POST' | 'PUT' | 'PATCH', path: string, body: object): Promise<void> {
    const wire = await this.ports.api.call<WireChat>(method, `/api/chats/${path}`, { body });
    this.ports.cell.batch(() => this.adopt(wire));
  }

  async leave(chatId: Id): Promise<void> {
    await this.removeParticipant(chatId, this.ports.cell.me);
    this.gone(chatId);
  }

  async removeParticipant(chatId: Id, userId: Id): Promise<void> {
    await this.ports.api.call('DELETE', `/api/chats/${chatId}/participants/${userId}`);
  }

  async search(query: string, signal?: AbortSignal): Promise<Person[]> {
    const path = `/api/users?query=${encodeURIComponent(query)}&limit=20`;
    const found = await this.ports.api.get<WirePerson[]>(path, signal ? { signal } : {});
    const people = found.map(({ id, username, name }) => ({ id, username, name }));
    this.ports.people.put(people);
    return people;
  }

  clear(): void {
    this.cursor = null;
    this.fetching.clear();
  }
}

function keepKnown<T extends { id: Id | null } | null>(told: T, known: T): T {
  return told && known && told.id === known.id && JSON.stringify(told) === JSON.stringify(known) ? known : told;
}
