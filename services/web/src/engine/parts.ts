/** The engine's parts, put together: the composition root. */
import { Api } from './api.ts';
import { Changes } from './changes.ts';
import { Chats } from './chats.ts';
import type { Cache } from './db.ts';
import { Directory } from './directory.ts';
import { Drafts } from './drafts.ts';
import type { Environment } from './environment.ts';
import { History } from './history.ts';
import type { EndReason, Id, Message } from './model.ts';
import { Outbox } from './outbox.ts';
import { People } from './people.ts';
import { Persist } from './persist.ts';
import { Reading } from './reading.ts';
import { loadSettings } from './settings.ts';
import { Live, type LiveHandlers } from './socket.ts';
import { Cell } from './store.ts';
import { Sync, type Appliers, type SyncPorts } from './sync.ts';
import { Tabs, type TabMessage } from './tabs.ts';
import { Timelines } from './timelines.ts';
import { Typing } from './typing.ts';
import { chatIdOf, type VersionedFrame } from './wire.ts';

export interface Hooks {
  onEnded: (reason: EndReason | null) => void;
  onTab: (message: TabMessage, isOurs: boolean) => void;
  live: Pick<LiveHandlers, 'onOpen' | 'onLost'>;
  onUpToDate: SyncPorts['onUpToDate'];
}

export class Parts {
  /** What this browser keeps of the person who is signed in. */
  cache: Cache | null = null;
  readonly cell: Cell;
  readonly api: Api;
  readonly tabs: Tabs;
  readonly live: Live;
  readonly outbox: Outbox;
  readonly chats: Chats;
  readonly timelines: Timelines;
  readonly people: People;
  readonly reading: Reading;
  readonly typing: Typing;
  readonly changes: Changes;
  readonly sync: Sync;
  readonly directory: Directory;
  readonly history: History;
  readonly drafts: Drafts;
  readonly persist: Persist;

  constructor(env: Environment, hooks: Hooks) {
    const cell = (this.cell = new Cell(loadSettings(env)));
    const api = (this.api = new Api(env, hooks.onEnded));
    const cache = () => this.cache;
    this.tabs = new Tabs(env, () => cell.me, hooks.onTab);
    this.live = new Live(env, api, {
      ...hooks.live,
      onFrame: (frame, link) => this.sync.onFrame(frame, link),
      onEnded: hooks.onEnded,
    });
    const send = this.live.send.bind(this.live);
    this.outbox = new Outbox({
      env,
      cell,
      api,
      cache,
      changed: (chatId) => this.showUnsent(chatId),
      accepted: (message) => this.changes.acknowledge(message),
      tell: (message) => this.tabs.tell(message),
      tellPause: (until) => this.tabs.tell({ kind: 'paused', until }),
    });
    const chats = (this.chats = new Chats(cell, this.outbox.unsentOf));
    const timelines = (this.timelines = new Timelines(cell, this.outbox.unsentOf));
    const people = (this.people = new People(env, cell, api));
    const tellRead = (chatId: Id, messageId: Id) => this.tabs.tell({ kind: 'read', chatId, messageId });
    const reading = (this.reading = new Reading({
      env,
      cell,
      chats,
      timelines,
      send,
      post: (chatId, messageId) => api.post(`/api/chats/${chatId}/read`, { message_id: messageId }),
      askAgain: (chatId) => this.sync.catchUp(chatId),
      tell: tellRead,
    }));
    const typing = (this.typing = new Typing(env, cell, send));
    const changes = (this.changes = new Changes({
      cell,
      chats,
      timelines,
      outbox: this.outbox,
      people,
      reading,
      typing,
      findNewest: (chatId) => void this.findNewest(chatId),
      refetch: (chatId) => this.directory.refetch(chatId),
      gone: (chatId) => this.directory.gone(chatId),
    }));
    this.sync = new Sync(this.syncPorts(env, hooks), this.appliers());
    this.directory = new Directory({
      env,
      cell,
      api,
      chats,
      timelines,
      people,
      reading,
      changes,
      sync: this.sync,
      reload: (chatId) => this.history.reload(chatId),
    });
    this.history = new History({
      cell,
      api,
      chats,
      timelines,
      cache,
      fetchChat: (chatId) => this.directory.fetch(chatId),
      told: (messages) => this.told(messages),
    });
    this.drafts = new Drafts(env, cell, cache, (chatId, draft) => this.tabs.tell({ kind: 'draft', chatId, draft }));
    this.persist = new Persist(env, cell, chats, timelines, cache);
  }

  private syncPorts(env: Environment, hooks: Hooks): SyncPorts {
    return {
      env,
      sendOn: (link, frame) => this.live.sendOn(link, frame),
      reconnect: (link) => this.live.reconnect(link),
      onUpToDate: hooks.onUpToDate,
    };
  }

  private appliers(): Appliers {
    return {
      versionOf: (chatId) => this.chats.get(chatId)?.version,
      knownChats: () => {
        const members = this.chats.all().filter((chat) => chat.member);
        return members.sort((one, other) => other.updatedAt - one.updatedAt).map((chat) => chat.id);
      },
      apply: (frame) => this.changes.apply(frame),
      repeat: (frame) => this.changes.repeat(frame),
      applyState: (frame) => this.changes.applyState(frame),
      synced: (chatId, state) => this.changes.synced(chatId, state),
      tooLong: (chatId, version) => {
        this.chats.change(chatId, (chat) => ({ ...chat, version }));
        this.history.reload(chatId);
        this.directory.refetch(chatId);
      },
      takeUnknown: (frame) => this.takeUnknown(frame),
      batch: (run) => this.cell.batch(run),
    };
  }

  /** A new chat tells all about itself; of others one hears by being added, or by what is said there. */
  private takeUnknown(frame: VersionedFrame): void {
    if (frame.type === 'chat') {
      const { chat: wire, version } = frame;
      const isOurs = wire.participants.some((person) => person.user_id === this.cell.me);
      if (isOurs && wire.unread_count !== undefined) {
        this.directory.adopt({ ...wire, version });
        return;
      }
    }
    this.directory.seek(chatIdOf(frame));
  }

  private showUnsent(chatId: Id): void {
    this.cell.batch(() => {
      this.timelines.show(chatId);
      this.chats.refresh(chatId);
    });
  }

  /** Own messages among those that the server tells are stored, whatever has become of their answers. */
  private told(messages: readonly Message[]): void {
    this.people.need(messages.map((message) => message.senderId));
    this.cell.batch(() => {
      for (const message of messages) this.changes.acknowledge(message);
    });
  }

  private async findNewest(chatId: Id): Promise<void> {
    try {
      const newest = await this.history.newestLeft(chatId);
      this.chats.change(chatId, (chat) => (chat.lastMessage ? chat : { ...chat, lastMessage: newest }));
    } catch {
      this.directory.refetch(chatId);
    }
  }
}
