import type { Api } from './api.ts';
import type { Cache } from './db.ts';
import { RequestError } from './engine.ts';
import type { Id, Message } from './model.ts';
import type { Chats } from './chats.ts';
import type { Cell } from './store.ts';
import type { Timeline, Timelines } from './timelines.ts';
import { find, idOf, MAX_WINDOW, merge, newestOf, PAGE, type Segment } from './windows.ts';
import { toMessage, type WireMessage } from './wire.ts';

/** Of one page: what is shown, and whether the server had as much as was asked for. */
interface Page {
  messages: Message[];
  full: boolean;
}

export interface HistoryPorts {
  cell: Cell;
  api: Api;
  chats: Chats;
  timelines: Timelines;
  cache: () => Cache | null;
  /** Fetch a chat that is not known; false when there is no such chat. */
  fetchChat: (chatId: Id) => Promise<boolean>;
  /** Messages that the server has told, for the names of their senders and what they acknowledge. */
  told: (messages: readonly Message[]) => void;
}

/** Opening chats and paging through them. */
export class History {
  constructor(private readonly ports: HistoryPorts) {}

  open(chatId: Id): void {
    const timeline = this.ports.timelines.use(chatId);
    if (timeline.tail || timeline.island || timeline.loading !== 'none') this.ports.timelines.show(chatId);
    else void this.load(chatId, timeline);
  }

  /** After a failure or too long an absence: what is on the screen is fetched anew. */
  reload(chatId: Id): void {
    const before = this.ports.timelines.get(chatId);
    if (!before) return;
    const middle = before.island?.messages[before.island.messages.length >> 1];
    const timeline = this.ports.timelines.restart(chatId);
    if (!timeline) return;
    if (middle) {
      timeline.stale = before.island?.messages ?? [];
      void this.jumpTo(chatId, idOf(middle)).then(
        (found) => (found ? undefined : this.load(chatId, timeline)),
        () => this.load(chatId, timeline),
      );
    } else void this.load(chatId, timeline);
  }

  private async load(chatId: Id, timeline: Timeline): Promise<void> {
    const { timelines, chats } = this.ports;
    timelines.setLoading(chatId, 'open');
    try {
      await this.whenReady();
      if (!chats.get(chatId) && !(await this.ports.fetchChat(chatId))) {
        timelines.setLoading(chatId, 'none', 'not_found');
        return;
      }
      if (await this.openFarBack(chatId, timeline)) return;
      if (await this.openCached(chatId, timeline)) return;
      await this.loadTail(chatId, timeline);
    } catch (error) {
      if (this.isCurrent(chatId, timeline)) timelines.setLoading(chatId, 'none', failure(error, 'open'));
    }
  }

  /** What is unread begins before the newest page: show where it begins. */
  private async openFarBack(chatId: Id, timeline: Timeline): Promise<boolean> {
    const chat = this.ports.chats.get(chatId);
    if (!chat || chat.unread < PAGE || timeline.stale.length > 0) return false;
    try {
      const page = await this.page(chatId, chat.readUpTo > 0 ? `around_id=${chat.readUpTo}` : 'after_id=0');
      if (!this.isCurrent(chatId, timeline) || page.messages.length === 0) return false;
      const hasOlder = chat.readUpTo > 0;
      this.ports.timelines.setIsland(chatId, timeline, { messages: page.messages, hasOlder });
      this.ports.timelines.setLoading(chatId, 'none');
      return true;
    } catch {
      return false; // Then the end is shown, as far as it is known.
    }
  }

  private async openCached(chatId: Id, timeline: Timeline): Promise<boolean> {
    const cached = await this.ports.cache()?.tail(chatId);
    if (!cached || timeline.tail || !this.isCurrent(chatId, timeline)) return false;
    const { timelines, chats } = this.ports;
    if (cached.version === chats.get(chatId)?.version) {
      timelines.setTail(chatId, timeline, cached);
      timelines.setLoading(chatId, 'none');
      return true;
    }
    timeline.stale = cached.messages;
    timelines.show(chatId);
    return false;
  }

  private async loadTail(chatId: Id, timeline: Timeline): Promise<void> {
    const page = await this.page(chatId, 'order=desc', true);
    if (!this.isCurrent(chatId, timeline)) return;
    this.setTail(chatId, timeline, { messages: page.messages, hasOlder: page.full });
    this.ports.timelines.setLoading(chatId, 'none');
  }

  /** Frames are a moment ahead of what the database answers: what the chat's row knows may be missing in a page. */
  private setTail(chatId: Id, timeline: Timeline, page: Segment): void {
    const last = this.ports.chats.get(chatId)?.lastMessage;
    const isMissing = last && idOf(last) > idOf(page.messages.at(-1));
    const messages = isMissing ? [...page.messages, last] : page.messages;
    this.ports.timelines.setTail(chatId, timeline, { ...page, messages });
  }

  async older(chatId: Id): Promise<void> {
    const { timelines } = this.ports;
    const timeline = timelines.get(chatId);
    if (!timeline || timeline.loading !== 'none') return;
    const shown = timeline.island ?? timeline.tail;
    if (!shown?.hasOlder) return;
    timelines.setLoading(chatId, 'older');
    try {
      const first = idOf(shown.messages[0]);
      const page = await this.page(chatId, first ? `before_id=${first}` : 'order=desc', true);
      if (!this.isCurrent(chatId, timeline)) return;
      // What the page was to adjoin may have gone meanwhile; then it is asked for again.
      if (idOf((timeline.island ?? timeline.tail)?.messages[0]) === first) this.prepend(chatId, timeline, page);
      timelines.setLoading(chatId, 'none');
    } catch (error) {
      if (this.isCurrent(chatId, timeline)) timelines.setLoading(chatId, 'none', failure(error, 'older'));
    }
  }

  private prepend(chatId: Id, timeline: Timeline, page: Page): void {
    const { timelines } = this.ports;
    const shown = timeline.island ?? timeline.tail;
    if (!shown) return;
    const grown: Segment = { messages: merge(page.messages, shown.messages), hasOlder: page.full };
    if (!timeline.island && grown.messages.length <= MAX_WINDOW) {
      timeline.tail = grown;
      timelines.show(chatId);
    } else {
      // The newest make room; the tail stays aside until one comes back to it.
      timelines.setIsland(chatId, timeline, { ...grown, messages: grown.messages.slice(0, MAX_WINDOW) });
    }
  }

  async newer(chatId: Id): Promise<void> {
    const { timelines } = this.ports;
    const timeline = timelines.get(chatId);
    if (!timeline?.island || timeline.loading !== 'none') return;
    if (this.appendKept(chatId, timeline, timeline.island)) return;
    timelines.setLoading(chatId, 'newer');
    try {
      const last = idOf(timeline.island.messages.at(-1));
      const page = await this.page(chatId, `after_id=${last}`);
      if (!this.isCurrent(chatId, timeline)) return;
      if (endOf(timeline) === last) this.append(chatId, timeline, page);
      timelines.setLoading(chatId, 'none');
    } catch (error) {
      if (this.isCurrent(chatId, timeline)) timelines.setLoading(chatId, 'none', failure(error, 'newer'));
    }
  }

  /** The next messages are in the tail already. */
  private appendKept(chatId: Id, timeline: Timeline, island: Segment): boolean {
    const { tail } = timeline;
    const last = idOf(island.messages.at(-1));
    if (!tail || tail.messages.length === 0 || idOf(tail.messages[0]) > last) return false;
    const next = tail.messages.filter((message) => idOf(message) > last).slice(0, PAGE);
    this.append(chatId, timeline, { messages: next, full: true });
    return true;
  }

  private append(chatId: Id, timeline: Timeline, page: Page): void {
    const { timelines } = this.ports;
    const { island, tail } = timeline;
    if (!island) return;
    const grown = newestOf({ ...island, messages: merge(island.messages, page.messages) }, MAX_WINDOW);
    const last = idOf(grown.messages.at(-1));
    if (tail && last >= idOf(tail.messages.at(-1))) {
      timeline.tail = grown;
      timelines.setIsland(chatId, timeline, null);
    } else if (!tail && !page.full) {
      timeline.island = null;
      this.setTail(chatId, timeline, grown);
    } else {
      timelines.setIsland(chatId, timeline, grown);
    }
  }

  /** Make the window hold a message; false when it does not exist, `RequestError` when nobody can tell. */
  async jumpTo(chatId: Id, messageId: Id): Promise<boolean> {
    const { timelines } = this.ports;
    const timeline = timelines.use(chatId);
    const { tail, island } = timeline;
    if (island && find(island.messages, messageId)) return true;
    if (tail && find(tail.messages, messageId)) {
      timelines.setIsland(chatId, timeline, null);
      return true;
    }
    timelines.setLoading(chatId, 'open');
    let page: Page;
    try {
      await this.whenReady();
      if (!this.ports.chats.get(chatId) && !(await this.ports.fetchChat(chatId))) throw new RequestError(404, '', '');
      page = await this.page(chatId, `around_id=${messageId}`);
    } catch (error) {
      if (this.isCurrent(chatId, timeline)) timelines.setLoading(chatId, 'none');
      if (error instanceof RequestError && error.status === 404) return false;
      throw error;
    }
    if (!this.isCurrent(chatId, timeline)) {
      // Begun anew meanwhile: the page may lack what has happened since, the wish stands.
      return timelines.get(chatId) ? this.jumpTo(chatId, messageId) : false;
    }
    if (find(page.messages, messageId)) this.show(chatId, timeline, page.messages);
    timelines.setLoading(chatId, 'none');
    return find(page.messages, messageId) !== undefined;
  }

  /** Show a run: as part of the tail when it touches it, otherwise as an island. */
  private show(chatId: Id, timeline: Timeline, messages: readonly Message[]): void {
    const { tail } = timeline;
    const segment: Segment = { messages, hasOlder: true };
    const touches = tail && tail.messages.length > 0 && idOf(messages.at(-1)) >= idOf(tail.messages[0]);
    const union = touches ? merge(messages, tail.messages) : messages;
    if (touches && union.length <= MAX_WINDOW) {
      timeline.tail = { messages: union, hasOlder: true };
      this.ports.timelines.setIsland(chatId, timeline, null);
    } else {
      this.ports.timelines.setIsland(chatId, timeline, segment);
    }
  }

  /** Leave the island for the newest messages. */
  async jumpToEnd(chatId: Id): Promise<void> {
    const { timelines } = this.ports;
    const timeline = timelines.use(chatId);
    if (timeline.tail) {
      timelines.setIsland(chatId, timeline, null);
      return;
    }
    if (timeline.loading === 'open') return;
    timelines.setLoading(chatId, 'open');
    try {
      const page = await this.page(chatId, 'order=desc', true);
      if (!this.isCurrent(chatId, timeline)) return;
      timeline.island = null;
      this.setTail(chatId, timeline, { messages: page.messages, hasOlder: page.full });
      timelines.setLoading(chatId, 'none');
    } catch (error) {
      if (this.isCurrent(chatId, timeline)) timelines.setLoading(chatId, 'none', failure(error, 'newer'));
      throw error;
    }
  }

  /** The newest message that is left after one was deleted, when the tail does not know it. */
  async newestLeft(chatId: Id): Promise<Message | null> {
    const page = await this.page(chatId, 'order=desc', true);
    return page.messages.at(-1) ?? null;
  }

  /** The page may name its chat before it is known whose chats these are. */
  private async whenReady(): Promise<void> {
    if (!(await this.ports.cell.whenReady())) throw new RequestError(0, 'Not signed in', '');
  }

  private isCurrent(chatId: Id, timeline: Timeline): boolean {
    return this.ports.timelines.get(chatId) === timeline;
  }

  /**
   * Fetch a page without deleted messages, ascending. A page of deleted ones alone is skipped: otherwise an empty
   * answer would look like the end.
   */
  private async page(chatId: Id, query: string, backwards = false): Promise<Page> {
    const wires = await this.ports.api.get<WireMessage[]>(`/api/history/${chatId}?${query}&limit=${PAGE}`);
    wires.sort((one, other) => one.id - other.id);
    const last = wires.at(-1);
    if (last) this.ports.chats.saw(chatId, last.id);
    const { me } = this.ports.cell;
    const readUpTo = this.ports.chats.get(chatId)?.readByAllUpTo ?? 0;
    const messages = wires
      .filter((wire) => !wire.deleted && !this.ports.timelines.isDeleted(wire.id))
      // While the page was on its way, some of it may have been read.
      .map((wire) => toMessage(wire.sender_id === me && wire.id <= readUpTo ? { ...wire, is_read: true } : wire));
    this.ports.told(messages);
    const full = wires.length >= PAGE;
    if (messages.length === 0 && full && !query.startsWith('around_id')) {
      const edge = backwards ? `before_id=${wires[0]?.id ?? 0}` : `after_id=${last?.id ?? 0}`;
      return this.page(chatId, edge, backwards);
    }
    return { messages, full };
  }
}

/** Where the island ends; 0 when it has been left. */
function endOf({ island }: Timeline): Id {
  return idOf(island?.messages.at(-1));
}

function failure(error: unknown, what: 'open' | 'older' | 'newer'): 'open' | 'older' | 'newer' | 'not_found' {
  return error instanceof RequestError && error.status === 404 ? 'not_found' : what;
}
