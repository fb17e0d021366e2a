import { Alarm } from './backoff.ts';
import type { Chats } from './chats.ts';
import type { Environment } from './environment.ts';
import type { Chat, Id } from './model.ts';
import type { Cell } from './store.ts';
import type { Timelines } from './timelines.ts';
import { idOf } from './windows.ts';
import type { ClientFrame } from './wire.ts';

const COALESCE_MS = 250;
const RETRY_MS = 2_000;

export interface ReadingPorts {
  env: Environment;
  cell: Cell;
  chats: Chats;
  timelines: Timelines;
  send(frame: ClientFrame): boolean;
  /** The same by REST, where it matters when it has been noted. */
  post(chatId: Id, messageId: Id): Promise<unknown>;
  /** Ask where a chat stands. */
  askAgain(chatId: Id): void;
  /** Tell the other tabs. */
  tell(chatId: Id, messageId: Id): void;
}

/**
 * How far I have read: counted here at once, told to the server over the socket a moment later.
 *
 * The socket gives no receipt. So whenever the server says how far it knows me to have read, and that is less than
 * what is known here, it is told again.
 */
export class Reading {
  private readonly untold = new Map<Id, Id>();
  private readonly timer: Alarm;

  constructor(private readonly ports: ReadingPorts) {
    this.timer = new Alarm(ports.env);
  }

  mark(chatId: Id, messageId: Id): void {
    const chat = this.ports.chats.get(chatId);
    if (!chat?.member) return;
    const upTo = this.throughDeleted(chatId, messageId);
    if (upTo <= chat.readUpTo) return;
    this.move(chat, upTo);
    this.tellSoon(chatId, upTo);
    this.ports.tell(chatId, upTo);
  }

  /** Another tab or device has read. */
  heard(chatId: Id, messageId: Id): void {
    const chat = this.ports.chats.get(chatId);
    if (chat && messageId > chat.readUpTo) this.move(chat, messageId);
  }

  /** The server says how far it knows me to have read, and what it counts behind that, at a version. */
  reconcile(chatId: Id, readUpTo: Id, unread: number, version: number): void {
    const chat = this.ports.chats.get(chatId);
    if (!chat) return;
    if (readUpTo < chat.readUpTo) {
      // What it counts begins at its mark: until it knows ours, this is the best guess.
      const guess = this.counted(chat, chat.readUpTo) ?? unread;
      this.ports.chats.change(chatId, (found) => ({ ...found, unread: guess }));
      const recount = () => this.ports.askAgain(chatId);
      this.ports.post(chatId, chat.readUpTo).then(recount, () => undefined);
    } else if (version >= chat.version && (chat.unread !== unread || chat.readUpTo !== readUpTo)) {
      this.ports.chats.change(chatId, (found) => ({ ...found, readUpTo, unread }));
    } else {
      this.heard(chatId, readUpTo);
    }
  }

  /** The server could not note it now. */
  refused(chatId: Id): void {
    const chat = this.ports.chats.get(chatId);
    if (!chat || chat.readUpTo === 0) return;
    this.untold.set(chatId, chat.readUpTo);
    if (!this.timer.isSet) this.timer.set(RETRY_MS, () => this.flush());
  }

  /** Send what has waited; without a socket it goes on waiting. */
  flush(): void {
    this.timer.clear();
    for (const [chatId, messageId] of this.untold) {
      if (!this.ports.send({ type: 'read', chat_id: chatId, message_id: messageId })) return;
      this.untold.delete(chatId);
    }
  }

  stop(): void {
    this.timer.clear();
    this.untold.clear();
  }

  /** What stays unread in a chat when one has read up to here. */
  unreadAfter(chat: Chat, upTo: Id): number {
    const counted = this.counted(chat, upTo);
    if (counted !== null) return counted;
    const { cell, timelines } = this.ports;
    const { tail, island } = timelines.get(chat.id) ?? {};
    const isOthers = (message: { senderId: Id }) => message.senderId !== cell.me;
    const passed = (island?.messages ?? tail?.messages ?? []).filter(
      (message) => isOthers(message) && idOf(message) > chat.readUpTo && idOf(message) <= upTo,
    );
    return Math.max(0, chat.unread - passed.length);
  }

  /** The same where it can be told for certain, otherwise null. */
  private counted(chat: Chat, upTo: Id): number | null {
    if (upTo >= this.ports.chats.newestIn(chat.id)) return 0;
    const { me } = this.ports.cell;
    const tail = this.ports.timelines.get(chat.id)?.tail;
    if (!tail || (tail.hasOlder && idOf(tail.messages[0]) > upTo)) return null;
    return tail.messages.filter((message) => message.senderId !== me && idOf(message) > upTo).length;
  }

  /** Behind the last message that can be seen there may be deleted ones, which the server counts as unread. */
  private throughDeleted(chatId: Id, messageId: Id): Id {
    const tail = this.ports.timelines.get(chatId)?.tail;
    const last = idOf(tail?.messages.at(-1));
    return tail && messageId >= last ? Math.max(messageId, this.ports.chats.newestIn(chatId)) : messageId;
  }

  private move(chat: Chat, upTo: Id): void {
    const unread = this.unreadAfter(chat, upTo);
    this.ports.chats.put({ ...chat, readUpTo: upTo, unread });
  }

  private tellSoon(chatId: Id, messageId: Id): void {
    this.untold.set(chatId, Math.max(messageId, this.untold.get(chatId) ?? 0));
    if (!this.timer.isSet) this.timer.set(COALESCE_MS, () => this.flush());
  }
}
