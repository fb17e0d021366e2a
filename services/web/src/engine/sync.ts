import { Alarm, backoff } from './backoff.ts';
import type { Environment } from './environment.ts';
import type { Id } from './model.ts';
import type { Link } from './socket.ts';
import { chatIdOf, type ClientFrame, type ServerFrame, type SyncedChat, type VersionedFrame } from './wire.ts';

const MAX_CHATS = 1000;
const MAX_AHEAD = 1000;
const MAX_QUEUED = 5000;
const ANSWER_MS = 20_000;
const QUEUE_MS = 50;

/** What frames do to the store; the versions are kept here. */
export interface Appliers {
  /** The version of a chat, undefined when it is not known. */
  versionOf(chatId: Id): number | undefined;
  knownChats(): Id[];
  apply(frame: VersionedFrame): void;
  /** A versioned frame that has come before; it may still acknowledge an own message. */
  repeat(frame: VersionedFrame): void;
  applyState(frame: ServerFrame): void;
  tooLong(chatId: Id, version: number): void;
  synced(chatId: Id, state: SyncedChat): void;
  /** A frame of a chat that is not known: when it is, `adopted` is to be called. */
  takeUnknown(frame: VersionedFrame): void;
  batch(run: () => void): void;
}

export interface SyncPorts {
  env: Environment;
  sendOn(link: Link | null, frame: ClientFrame): boolean;
  reconnect(link: Link): void;
  /** All chats are up to date over this link. */
  onUpToDate: (link: Link) => void;
}

/**
 * Brings every chat from version to version, each once and in order, whatever the sockets drop, double or reorder.
 *
 * A frame ahead of a gap waits, and the gap is asked for with `sync`; at most one question is open at a time.
 * `synced` says that everything up to its versions has been told, so that what waits below them is applied.
 */
export class Sync {
  private readonly ahead = new Map<Id, Map<number, VersionedFrame>>();
  private readonly wanted = new Set<Id>();
  private asked = new Set<Id>();
  private link: Link | null = null;
  private isOpening = false;
  private attempt = 0;
  private queue: [ServerFrame, Link][] = [];
  private readonly patience: Alarm;
  private readonly again: Alarm;
  private readonly drain: Alarm;

  constructor(
    private readonly ports: SyncPorts,
    private readonly to: Appliers,
  ) {
    this.patience = new Alarm(ports.env);
    this.again = new Alarm(ports.env);
    this.drain = new Alarm(ports.env);
  }

  /** A socket is open: ask over it for everything that has been missed. */
  begin(link: Link): void {
    this.flush();
    this.link = link;
    this.isOpening = true;
    this.asked.clear();
    this.again.clear();
    this.attempt = 0;
    for (const chatId of this.to.knownChats()) this.wanted.add(chatId);
    this.ask();
  }

  /** No socket is open. What is ahead stays: it is as true later. */
  lost(): void {
    this.flush();
    this.link = null;
    this.asked.clear();
    for (const alarm of [this.patience, this.again]) alarm.clear();
  }

  stop(): void {
    this.lost();
    this.drain.clear();
    this.wanted.clear();
    this.ahead.clear();
  }

  /** Take a frame; while an answer is coming they are applied together, for the screen's sake. */
  onFrame(frame: ServerFrame, link: Link): void {
    this.queue.push([frame, link]);
    const ends = frame.type === 'synced' || frame.type === 'error' || this.queue.length > MAX_QUEUED;
    if (this.asked.size === 0 || ends) this.flush();
    else if (!this.drain.isSet) this.drain.set(QUEUE_MS, () => this.flush());
  }

  /** A chat has been fetched: what has waited for it follows. */
  adopted(chatId: Id): void {
    this.follow(chatId);
  }

  /** A chat is gone: nothing waits for it any more. */
  forget(chatId: Id): void {
    this.ahead.delete(chatId);
    this.wanted.delete(chatId);
  }

  /** Ask for what has happened in a chat that the server says is further. */
  catchUp(chatId: Id): void {
    this.want(chatId);
  }

  private flush(): void {
    this.drain.clear();
    if (this.queue.length === 0) return;
    const frames = this.queue;
    this.queue = [];
    this.to.batch(() => {
      for (const [frame, link] of frames) this.take(frame, link);
    });
  }

  private take(frame: ServerFrame, link: Link): void {
    switch (frame.type) {
      case 'message':
      case 'message_changed':
      case 'chat':
        this.takeVersion(frame);
        break;
      case 'too_long':
        this.takeTooLong(frame.chat_id, frame.version);
        break;
      case 'synced':
        this.takeSynced(frame.chats, link);
        break;
      case 'error':
        if (frame.client_id === null && frame.chat_id === undefined) this.refused(frame.retry_after);
        this.to.applyState(frame);
        break;
      default:
        this.to.applyState(frame);
    }
  }

  private takeVersion(frame: VersionedFrame): void {
    const chatId = chatIdOf(frame);
    const version = this.to.versionOf(chatId);
    if (version === undefined) {
      this.keep(chatId, frame);
      this.to.takeUnknown(frame);
    } else if (frame.version <= version) {
      this.to.repeat(frame);
    } else if (frame.version === version + 1) {
      this.to.apply(frame);
      this.follow(chatId);
    } else {
      this.keep(chatId, frame);
      this.to.repeat(frame);
      this.want(chatId);
    }
  }

  private keep(chatId: Id, frame: VersionedFrame): void {
    const waiting = this.ahead.get(chatId) ?? new Map<number, VersionedFrame>();
    this.ahead.set(chatId, waiting);
    // What does not fit is asked for again.
    if (waiting.size < MAX_AHEAD) waiting.set(frame.version, frame);
  }

  /** Apply what follows without a gap; ask for the gap when something is left. */
  private follow(chatId: Id): void {
    const waiting = this.ahead.get(chatId);
    if (!waiting) return;
    for (;;) {
      const version = this.to.versionOf(chatId);
      if (version === undefined) return;
      for (const old of [...waiting.keys()]) if (old <= version) waiting.delete(old);
      const next = waiting.get(version + 1);
      if (!next) break;
      this.to.apply(next);
    }
    if (waiting.size === 0) this.ahead.delete(chatId);
    else this.want(chatId);
  }

  private takeTooLong(chatId: Id, version: number): void {
    const known = this.to.versionOf(chatId);
    if (known !== undefined && version > known) this.to.tooLong(chatId, version);
    this.follow(chatId);
  }

  private takeSynced(chats: Record<string, SyncedChat>, link: Link): void {
    for (const [key, state] of Object.entries(chats)) {
      const chatId = Number(key);
      this.applyUpTo(chatId, state.version);
      this.to.synced(chatId, state);
      this.asked.delete(chatId);
      this.follow(chatId);
    }
    if (link !== this.link) return;
    // Chats without an answer are refused ones: an error has told.
    this.asked.clear();
    this.patience.clear();
    this.attempt = 0;
    this.ask();
  }

  private applyUpTo(chatId: Id, version: number): void {
    const waiting = this.ahead.get(chatId);
    if (!waiting) return;
    for (const next of [...waiting.keys()].sort((one, other) => one - other)) {
      const frame = waiting.get(next);
      if (next > version || !frame || next <= (this.to.versionOf(chatId) ?? Infinity)) continue;
      this.to.apply(frame);
    }
  }

  private want(chatId: Id): void {
    if (this.asked.has(chatId)) return;
    this.wanted.add(chatId);
    this.ask();
  }

  private ask(): void {
    const { link } = this;
    if (!link?.open || this.asked.size > 0 || this.again.isSet) return;
    const chats: Record<string, number> = {};
    for (const chatId of this.wanted) {
      if (this.asked.size >= MAX_CHATS) break;
      this.wanted.delete(chatId);
      const version = this.to.versionOf(chatId);
      if (version === undefined) continue;
      chats[chatId] = version;
      this.asked.add(chatId);
    }
    if (this.asked.size === 0) {
      if (this.isOpening) this.upToDate(link);
      return;
    }
    this.ports.sendOn(link, { type: 'sync', chats });
    this.patience.set(ANSWER_MS, () => this.ports.reconnect(link));
  }

  private upToDate(link: Link): void {
    this.isOpening = false;
    this.ports.onUpToDate(link);
  }

  /** An answer is complete or absent: ask again later. */
  private refused(retryAfter = 0): void {
    if (this.asked.size === 0) return;
    for (const chatId of this.asked) this.wanted.add(chatId);
    this.asked.clear();
    this.patience.clear();
    const wait = Math.max(retryAfter * 1000, backoff(this.attempt, this.ports.env.random));
    this.attempt += 1;
    this.again.set(wait, () => this.ask());
  }
}
