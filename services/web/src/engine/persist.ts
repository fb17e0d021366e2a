import { Alarm } from './backoff.ts';
import type { Chats } from './chats.ts';
import type { Cache, CachedTail } from './db.ts';
import type { Environment } from './environment.ts';
import type { Chat, Id, Person, State } from './model.ts';
import type { Cell } from './store.ts';
import type { Timelines } from './timelines.ts';
import { newestOf } from './windows.ts';

const SAVE_MS = 1_000;
const MAX_CHATS = 200;
const MAX_TAILS = 30;
const MAX_TAIL = 50;

/** Writes what has changed in the store to the cache, a moment later and within bounds. */
export class Persist {
  private savedMe: Person | null = null;
  private savedChats = new Map<Id, Chat>();
  private savedPeople: State['people'] = {};
  private savedTails = new Map<Id, { messages: unknown; version: number }>();
  private readonly timer: Alarm;
  private unsubscribe: (() => void) | null = null;

  constructor(
    env: Environment,
    private readonly cell: Cell,
    private readonly chats: Chats,
    private readonly timelines: Timelines,
    private readonly cache: () => Cache | null,
  ) {
    this.timer = new Alarm(env);
  }

  start(): void {
    if (this.unsubscribe) return;
    this.unsubscribe = this.cell.store.subscribe((state, before) => {
      const same =
        state.chats === before.chats &&
        state.windows === before.windows &&
        state.people === before.people &&
        state.me === before.me;
      if (!same) this.saveSoon();
    });
    // What has been told until now may be all for a long time.
    this.saveSoon();
  }

  private saveSoon(): void {
    if (!this.timer.isSet) this.timer.set(SAVE_MS, () => void this.save());
  }

  stop(): void {
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.timer.clear();
    this.savedMe = null;
    this.savedChats.clear();
    this.savedPeople = {};
    this.savedTails.clear();
  }

  /** What was just read from the disk need not be written to it. */
  painted(chats: readonly Chat[], people: State['people']): void {
    this.savedChats = new Map(chats.map((chat) => [chat.id, chat]));
    this.savedPeople = people;
  }

  async save(): Promise<void> {
    this.timer.clear();
    const cache = this.cache();
    if (!cache || this.cell.get().phase !== 'ready') return;
    await Promise.all([this.saveMe(cache), this.saveChats(cache), this.saveTails(cache), this.savePeople(cache)]);
  }

  private async saveMe(cache: Cache): Promise<void> {
    const { me } = this.cell.get();
    if (!me || me === this.savedMe) return;
    this.savedMe = me;
    await cache.put('me', me);
  }

  private async saveChats(cache: Cache): Promise<void> {
    const kept = this.cell.get().order.slice(0, MAX_CHATS);
    const next = new Map<Id, Chat>();
    for (const chatId of kept) {
      const chat = this.chats.get(chatId);
      if (chat?.member) next.set(chatId, chat);
    }
    const changed = [...next.values()].filter((chat) => this.savedChats.get(chat.id) !== chat);
    const gone = [...this.savedChats.keys()].filter((chatId) => !next.has(chatId));
    this.savedChats = next;
    if (changed.length > 0) await cache.put('chats', ...changed);
    if (gone.length > 0) await cache.remove('chats', ...gone);
  }

  private async saveTails(cache: Cache): Promise<void> {
    const byActivity = this.chats.all().sort((one, other) => other.updatedAt - one.updatedAt);
    const newest = byActivity.slice(0, MAX_TAILS);
    const changed: CachedTail[] = [];
    for (const { id: chatId, version, member } of newest) {
      const tail = this.timelines.get(chatId)?.tail;
      const saved = this.savedTails.get(chatId);
      if (!tail || !member || (saved?.messages === tail.messages && saved.version === version)) continue;
      this.savedTails.set(chatId, { messages: tail.messages, version });
      const { messages, hasOlder } = newestOf(tail, MAX_TAIL);
      changed.push({ chatId, version, messages: [...messages], hasOlder });
    }
    if (changed.length === 0) return;
    await cache.put('tails', ...changed);
    const kept = new Set(newest.map((chat) => chat.id));
    const gone = (await cache.keptTails()).filter((chatId) => !kept.has(chatId));
    for (const chatId of gone) this.savedTails.delete(chatId);
    if (gone.length > 0) await cache.remove('tails', ...gone);
  }

  private async savePeople(cache: Cache): Promise<void> {
    const { people } = this.cell.get();
    if (people === this.savedPeople) return;
    const before = this.savedPeople;
    this.savedPeople = people;
    await cache.put('people', ...Object.values(people).filter((person) => before[person.id] !== person));
  }
}
