import type { Id, Message, MessageWindow } from './model.ts';
import { sameItems, withEntry, withoutEntry, type Cell } from './store.ts';
import { changeEach, find, idOf, insert, MAX_WINDOW, merge, newestOf, without, type Segment } from './windows.ts';

const MAX_TIMELINES = 20;
const KEPT_TAIL = 100;

/**
 * What is held of a chat's messages.
 *
 * `tail` ends with the newest message and follows every version. While it is null, `arrivals` collects what comes and
 * `stale` is shown, which the cache had. `island` is a run somewhere else in the history, shown instead of the tail.
 */
export interface Timeline {
  tail: Segment | null;
  stale: readonly Message[];
  arrivals: readonly Message[];
  island: Segment | null;
  loading: MessageWindow['loading'];
  error: MessageWindow['error'];
  usedAt: number;
}

/** All timelines, and the windows of them in the store. */
export class Timelines {
  private readonly held = new Map<Id, Timeline>();
  private readonly deleted = new Set<Id>();
  private uses = 0;

  constructor(
    private readonly cell: Cell,
    private readonly unsentOf: (chatId: Id) => readonly Message[],
  ) {}

  get(chatId: Id): Timeline | undefined {
    return this.held.get(chatId);
  }

  /** The timeline of a chat that is looked at now; of those long unseen the oldest are given up. */
  use(chatId: Id): Timeline {
    let timeline = this.held.get(chatId);
    if (!timeline) {
      timeline = { tail: null, stale: [], arrivals: [], island: null, loading: 'none', error: 'none', usedAt: 0 };
      this.held.set(chatId, timeline);
    }
    timeline.usedAt = this.uses += 1;
    this.forgetOldest();
    return timeline;
  }

  private forgetOldest(): void {
    if (this.held.size <= MAX_TIMELINES) return;
    const byUse = [...this.held].sort(([, one], [, other]) => one.usedAt - other.usedAt);
    const oldest = byUse.find(([chatId]) => chatId !== this.cell.get().active);
    if (oldest) this.forget(oldest[0]);
  }

  forget(chatId: Id): void {
    this.held.delete(chatId);
    this.cell.set({ windows: withoutEntry(this.cell.get().windows, chatId) });
  }

  clear(): void {
    this.held.clear();
    this.deleted.clear();
  }

  /** Begin anew: what is shown stays on the screen until the tail has been loaded. */
  restart(chatId: Id): Timeline | undefined {
    const timeline = this.held.get(chatId);
    if (!timeline) return undefined;
    const { tail, stale, usedAt } = timeline;
    const next: Timeline = {
      tail: null,
      stale: tail?.messages ?? stale,
      arrivals: [],
      island: null,
      loading: 'none',
      error: 'none',
      usedAt,
    };
    this.held.set(chatId, next);
    return next;
  }

  isDeleted(messageId: Id): boolean {
    return this.deleted.has(messageId);
  }

  /** A new message, or one that has come before. */
  insert(message: Message): void {
    if (this.deleted.has(idOf(message))) return;
    this.edit(message.chatId, (messages, hasOlder) => {
      // Before the first one, with a gap between: it will come with its page.
      if (hasOlder && idOf(message) < idOf(messages[0])) return messages;
      return insert(messages, message);
    });
  }

  /** Another state of a message: where it is not held, it is not needed. */
  replace(message: Message): void {
    const { id, chatId, text } = message;
    const requote = (found: Message): Message => {
      if (found.replyTo?.id !== id || found.replyTo.text === excerpt(text)) return found;
      return { ...found, replyTo: { ...found.replyTo, text: excerpt(text) } };
    };
    const change = (messages: readonly Message[]) =>
      changeEach(find(messages, idOf(message)) ? insert(messages, message) : messages, requote);
    this.edit(chatId, change, change);
  }

  /** A message is deleted for everyone, and for ever. */
  remove(chatId: Id, messageId: Id): void {
    this.deleted.add(messageId);
    const unquote = (found: Message): Message =>
      found.replyTo?.id === messageId && found.replyTo.text !== null
        ? { ...found, replyTo: { ...found.replyTo, text: null } }
        : found;
    const change = (messages: readonly Message[]) => changeEach(without(messages, messageId), unquote);
    this.edit(chatId, change, change);
  }

  /** Everyone has read the messages of `senderId` up to here. */
  markRead(chatId: Id, senderId: Id, upTo: Id): void {
    const mark = (found: Message): Message =>
      !found.isRead && found.senderId === senderId && idOf(found) <= upTo ? { ...found, isRead: true } : found;
    const change = (messages: readonly Message[]) => changeEach(messages, mark);
    this.edit(chatId, change, change);
  }

  private edit(
    chatId: Id,
    changeEnd: (messages: readonly Message[], hasOlder: boolean) => readonly Message[],
    changeIsland: (messages: readonly Message[]) => readonly Message[] = (messages) => messages,
  ): void {
    const timeline = this.held.get(chatId);
    if (!timeline) return;
    const { tail, island } = timeline;
    if (tail) {
      timeline.tail = newestOf({ ...tail, messages: changeEnd(tail.messages, tail.hasOlder) }, MAX_WINDOW);
    } else {
      timeline.arrivals = changeEnd(timeline.arrivals, false).slice(-MAX_WINDOW);
      timeline.stale = changeIsland(timeline.stale);
    }
    if (island) timeline.island = { ...island, messages: changeIsland(island.messages) };
    this.show(chatId);
  }

  /** The newest page is here, and with it what has come meanwhile. */
  setTail(chatId: Id, timeline: Timeline, page: Segment): void {
    const first = idOf(page.messages[0]);
    const contiguous = timeline.arrivals.filter((message) => !page.hasOlder || idOf(message) > first);
    const messages = merge(page.messages, contiguous).filter((message) => !this.deleted.has(idOf(message)));
    timeline.tail = newestOf({ messages, hasOlder: page.hasOlder }, MAX_WINDOW);
    timeline.stale = [];
    timeline.arrivals = [];
    this.show(chatId);
  }

  /** Show a run that does not reach the end. */
  setIsland(chatId: Id, timeline: Timeline, island: Segment | null): void {
    timeline.island = island;
    // Beside an island, a tail of some pages is enough.
    if (island && timeline.tail) timeline.tail = newestOf(timeline.tail, KEPT_TAIL);
    this.show(chatId);
  }

  setLoading(chatId: Id, loading: Timeline['loading'], error: Timeline['error'] = 'none'): void {
    const timeline = this.held.get(chatId);
    if (!timeline) return;
    timeline.loading = loading;
    timeline.error = error;
    this.show(chatId);
  }

  /** Bring the store's window in line; nothing is written when it is. */
  show(chatId: Id): void {
    const timeline = this.held.get(chatId);
    if (!timeline) return;
    const { windows } = this.cell.get();
    const before = windows[chatId];
    const next = windowOf(timeline, this.unsentOf(chatId));
    if (before && sameItems(before.messages, next.messages)) next.messages = before.messages;
    const same =
      before?.messages === next.messages &&
      before.hasOlder === next.hasOlder &&
      before.hasNewer === next.hasNewer &&
      before.loading === next.loading &&
      before.error === next.error;
    if (!same) this.cell.set({ windows: withEntry(windows, chatId, next) });
  }
}

function windowOf(timeline: Timeline, unsent: readonly Message[]): MessageWindow {
  const { tail, island, stale, arrivals, loading, error } = timeline;
  if (island) return { messages: [...island.messages], hasOlder: island.hasOlder, hasNewer: true, loading, error };
  if (tail) return { messages: [...tail.messages, ...unsent], hasOlder: tail.hasOlder, hasNewer: false, loading, error };
  const known = merge(stale, arrivals);
  return { messages: [...known, ...unsent], hasOlder: known.length > 0, hasNewer: false, loading, error };
}

const EXCERPT = 120;

function excerpt(text: string): string {
  return text.length > EXCERPT ? Array.from(text).slice(0, EXCERPT).join('') : text;
}
