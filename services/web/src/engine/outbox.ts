import { isDefinite, type Api } from './api.ts';
import { Alarm, backoff } from './backoff.ts';
import type { Cache, Entry } from './db.ts';
import { RequestError } from './engine.ts';
import type { Environment } from './environment.ts';
import type { Id, Message, Quote, Refusal } from './model.ts';
import type { Cell } from './store.ts';
import { toMessage, type WireMessage } from './wire.ts';

const MAX_SETTLED = 2_000;
const OTHERS_TURN_MS = 1_000;

export interface OutboxPorts {
  env: Environment;
  cell: Cell;
  api: Api;
  cache: () => Cache | null;
  /** The unsent messages of a chat are others than before. */
  changed(chatId: Id): void;
  /** The server has stored a message. */
  accepted(message: Message): void;
  /** Tell the other tabs. */
  tell(message: { kind: 'queued'; entry: Entry } | { kind: 'unqueued'; clientId: string; message: Message | null }): void;
  tellPause(until: number): void;
}

/**
 * Messages on their way, in IndexedDB and in memory, sent by whichever tab holds the lock.
 *
 * They go by REST and not over the socket: each gets an answer of its own with a status that says whether it is final,
 * and they go out while the socket is still being opened. Sending is safe to repeat, because the client id is unique
 * in the database. So an unknown result is repeated for ever; only a definite refusal makes a message `failed`.
 * The order within a chat is kept: behind a failed one its chat waits until that is sent again or discarded.
 */
export class Outbox {
  private readonly entries = new Map<string, Entry>();
  private readonly shown = new Map<string, Message>();
  /** What has been acknowledged or discarded, lest a late word of another tab bring it back. */
  private readonly settled = new Set<string>();
  private saving: Promise<unknown> = Promise.resolve();
  private flushing: Promise<void> | null = null;
  private again = false;
  private stopped = true;
  private attempt = 0;
  private lastAt = 0;
  private readonly retryAlarm: Alarm;
  private readonly pause: Alarm;

  constructor(private readonly ports: OutboxPorts) {
    this.retryAlarm = new Alarm(ports.env);
    this.pause = new Alarm(ports.env);
  }

  has(clientId: string): boolean {
    return this.entries.has(clientId);
  }

  /** The unsent messages of a chat, in their order. */
  unsentOf = (chatId: Id): readonly Message[] => this.unsent().filter((message) => message.chatId === chatId);

  unsent(): Message[] {
    return [...this.shown.values()].sort((one, other) => one.at - other.at);
  }

  /** Take a message: it is shown before this returns, and saved and sent as soon as can be. */
  add(chatId: Id, text: string, replyTo: Quote | null, at: number): void {
    this.lastAt = Math.max(at, this.lastAt + 1);
    const clientId = this.ports.env.uuid();
    const entry: Entry = { clientId, chatId, text, replyTo, at: this.lastAt, state: 'pending', refusal: null };
    this.hold(entry);
    this.save(entry);
  }

  retry(clientId: string): void {
    const entry = this.entries.get(clientId);
    if (entry?.state !== 'failed') return;
    // What it replied to is gone: better said without it than not at all.
    const replyTo = entry.refusal?.code === '404' ? null : entry.replyTo;
    const next: Entry = { ...entry, replyTo, state: 'pending', refusal: null };
    this.hold(next);
    this.save(next);
  }

  discard(clientId: string): void {
    const entry = this.entries.get(clientId);
    if (!entry) return;
    this.settle(clientId);
    this.ports.changed(entry.chatId);
    this.ports.tell({ kind: 'unqueued', clientId, message: null });
    void this.flush();
  }

  /** Forget a message that is stored or given up; whoever calls shows the chat anew. */
  settle(clientId: string): void {
    this.settled.add(clientId);
    if (this.settled.size > MAX_SETTLED) this.settled.delete([...this.settled][0] ?? '');
    if (!this.entries.delete(clientId)) return;
    this.shown.delete(clientId);
    void this.saving.then(() => this.ports.cache()?.remove('outbox', clientId));
  }

  /** Entries of the disk or of another tab. */
  adopt(entries: readonly Entry[]): void {
    for (const entry of entries) if (!this.settled.has(entry.clientId)) this.hold(entry);
  }

  /** Another tab has a message to send; we do, if nothing more is heard of it. */
  adoptQueued(entry: Entry): void {
    this.adopt([entry]);
    if (!this.retryAlarm.isSet) this.retryAlarm.set(OTHERS_TURN_MS, () => void this.flush());
  }

  /** Another tab has sent a message or given it up. */
  adoptSettled(clientId: string, message: Message | null): void {
    const entry = this.entries.get(clientId);
    if (message) this.ports.accepted(message);
    this.settle(clientId);
    if (entry) this.ports.changed(entry.chatId);
  }

  start(): void {
    this.stopped = false;
    void this.flush();
  }

  stop(): void {
    this.stopped = true;
    this.retryAlarm.clear();
    this.pause.clear();
  }

  clear(): void {
    this.entries.clear();
    this.shown.clear();
  }

  /** The network may be back. */
  wake(): void {
    this.attempt = 0;
    void this.flush();
  }

  /** The server has asked for patience, here or in another tab. */
  pauseUntil(until: number): void {
    const { env, cell } = this.ports;
    if (until <= Math.max(env.now(), cell.get().pausedUntil)) return;
    cell.set({ pausedUntil: until });
    this.pause.set(until - env.now(), () => {
      cell.set({ pausedUntil: 0 });
      void this.flush();
    });
  }

  private hold(entry: Entry): void {
    this.entries.set(entry.clientId, entry);
    this.shown.set(entry.clientId, shownAs(entry, this.ports.cell.me));
    this.ports.changed(entry.chatId);
  }

  private save(entry: Entry): void {
    // Told before it is saved: this tab may be gone by then.
    this.ports.tell({ kind: 'queued', entry });
    const write = this.ports.cache()?.put('outbox', entry);
    this.saving = Promise.all([this.saving, write]);
    // First on disk, then out: what another tab or this one after a crash sends again carries the same id.
    void this.saving.then(() => {
      if (!this.stopped && this.entries.has(entry.clientId)) void this.flush();
    });
  }

  /** Send what waits, alone among the tabs. */
  flush(): Promise<void> {
    if (this.flushing) {
      this.again = true;
      return this.flushing;
    }
    if (this.stopped || this.entries.size === 0) return Promise.resolve();
    this.retryAlarm.clear();
    this.again = false;
    this.flushing = this.ports.env
      .alone('outbox', () => this.drain())
      .catch(() => undefined)
      .finally(() => {
        this.flushing = null;
        if (this.again) void this.flush();
      });
    return this.flushing;
  }

  private async drain(): Promise<void> {
    await this.saving;
    await this.readDisk();
    if (this.isStopped() || this.ports.cell.get().pausedUntil > 0) return;
    const results = await Promise.all(this.lanes().map((lane) => this.sendLane(lane)));
    if (results.every(Boolean) || this.isStopped()) return;
    this.retryAlarm.set(backoff(this.attempt, this.ports.env.random), () => void this.flush());
    this.attempt += 1;
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  /** What a tab has left that was closed before it could tell us. */
  private async readDisk(): Promise<void> {
    const saved = (await this.ports.cache()?.outbox()) ?? [];
    this.adopt(saved.filter((entry) => !this.entries.has(entry.clientId)));
  }

  /** What waits, by chat; each in its order. */
  private lanes(): Entry[][] {
    const lanes = new Map<Id, Entry[]>();
    for (const entry of [...this.entries.values()].sort((one, other) => one.at - other.at)) {
      lanes.set(entry.chatId, [...(lanes.get(entry.chatId) ?? []), entry]);
    }
    return [...lanes.values()];
  }

  /** Send the messages of one chat; false when it is not known what has become of one. */
  private async sendLane(lane: readonly Entry[]): Promise<boolean> {
    for (const { clientId } of lane) {
      const entry = this.entries.get(clientId);
      if (!entry) continue;
      if (entry.state === 'failed') return true;
      if (this.stopped || this.ports.cell.get().pausedUntil > 0) return true;
      const outcome = await this.sendOne(entry);
      if (outcome !== 'sent') return outcome === 'waits';
    }
    return true;
  }

  private async sendOne(entry: Entry): Promise<'sent' | 'waits' | 'unknown'> {
    const { clientId, chatId, text, replyTo } = entry;
    const body = { client_id: clientId, text, ...(replyTo && { reply_to_id: replyTo.id }) };
    try {
      const wire = await this.ports.api.post<WireMessage>(`/api/chats/${chatId}/messages`, body);
      if (this.stopped) return 'waits';
      this.attempt = 0;
      // Stored at an earlier try, and deleted by another device since.
      const message = wire.deleted ? null : toMessage({ ...wire, client_id: clientId });
      if (message) this.ports.accepted(message);
      this.settle(clientId);
      if (!message) this.ports.changed(chatId);
      this.ports.tell({ kind: 'unqueued', clientId, message });
      return 'sent';
    } catch (error) {
      if (!(error instanceof RequestError) || this.stopped) return 'unknown';
      return this.refused(entry, error);
    }
  }

  private refused(entry: Entry, error: RequestError): 'waits' | 'unknown' {
    const { env } = this.ports;
    if (error.status === 429) {
      const until = env.now() + Math.max(0.2, error.retryAfter ?? 1) * 1000;
      this.pauseUntil(until);
      this.ports.tellPause(until);
      return 'waits';
    }
    if (!isDefinite(error)) return 'unknown';
    // Its echo may have come before a later refusal, as when one was removed from the chat meanwhile.
    if (!this.entries.has(entry.clientId)) return 'waits';
    const refusal: Refusal = { code: String(error.status), detail: error.detail || error.title };
    const failed: Entry = { ...entry, state: 'failed', refusal };
    this.hold(failed);
    void this.ports.cache()?.put('outbox', failed);
    this.ports.tell({ kind: 'queued', entry: failed });
    return 'waits';
  }
}

function shownAs(entry: Entry, me: Id): Message {
  const { clientId, chatId, text, replyTo, at, state, refusal } = entry;
  return {
    key: clientId,
    id: null,
    chatId,
    senderId: me,
    text,
    at,
    isRead: false,
    editedAt: null,
    replyTo,
    state,
    clientId,
    refusal,
  };
}
