import type { Chats } from './chats.ts';
import type { Chat, Id, Message } from './model.ts';
import type { Outbox } from './outbox.ts';
import type { People } from './people.ts';
import type { Reading } from './reading.ts';
import { withEntry, type Cell } from './store.ts';
import type { Timelines } from './timelines.ts';
import type { Typing } from './typing.ts';
import { idOf } from './windows.ts';
import { toChat, toMessage, type ServerFrame, type SyncedChat, type VersionedFrame, type WireChat, type WireMessage } from './wire.ts';

type ContentFrame = Exclude<VersionedFrame, { type: 'chat' }>;

export interface ChangesPorts {
  cell: Cell;
  chats: Chats;
  timelines: Timelines;
  outbox: Outbox;
  people: People;
  reading: Reading;
  typing: Typing;
  /** The newest message of a chat was deleted, and what is held does not tell which is the newest now. */
  findNewest(chatId: Id): void;
  /** Fetch a chat whose state cannot be told from a frame. */
  refetch(chatId: Id): void;
  gone(chatId: Id): void;
}

/** What the server's frames change in the store. */
export class Changes {
  constructor(private readonly ports: ChangesPorts) {}

  /** Take the next version of a chat. */
  apply(frame: VersionedFrame): void {
    if (frame.type === 'chat') this.applyChat(frame.chat, frame.version);
    else this.applyContent(frame);
  }

  private applyContent({ type, message: wire, version }: ContentFrame): void {
    this.ports.chats.saw(wire.chat_id, wire.id);
    if (type === 'message' && !wire.deleted) this.applyMessage(toMessage(wire));
    else if (wire.deleted) this.applyDeletion(wire.chat_id, wire.id, wire.client_id ?? null);
    else this.applyEdit(toMessage(wire));
    this.ports.chats.change(wire.chat_id, (chat) => ({ ...chat, version }));
  }

  /** A frame that is old or early: its message is in the database, whatever its version. */
  repeat(frame: VersionedFrame): void {
    if (frame.type !== 'message' || frame.message.sender_id !== this.ports.cell.me || frame.message.deleted) return;
    this.acknowledge(toMessage(frame.message));
  }

  /** An own message is in the database: by an answer, a frame, or another tab's word; whichever is first. */
  acknowledge(message: Message): void {
    const { cell, outbox, timelines, chats } = this.ports;
    if (message.clientId === null || !outbox.has(message.clientId)) return;
    cell.batch(() => {
      outbox.settle(message.clientId ?? '');
      timelines.insert(message);
      if (!timelines.isDeleted(idOf(message))) this.noteNewest(message);
      timelines.show(message.chatId);
      chats.refresh(message.chatId);
    });
  }

  private applyMessage(message: Message): void {
    const { cell, outbox, timelines, people, typing, chats } = this.ports;
    if (timelines.isDeleted(idOf(message))) return;
    people.need([message.senderId, message.replyTo?.senderId ?? 0]);
    typing.stopped(message.chatId, message.senderId);
    const upTo = chats.get(message.chatId)?.readByAllUpTo ?? 0;
    cell.batch(() => {
      if (message.clientId !== null) outbox.settle(message.clientId);
      timelines.insert(message);
      // The word that it has been read may have overtaken it.
      if (message.senderId === cell.me) timelines.markRead(message.chatId, cell.me, upTo);
      this.noteNewest(message);
      timelines.show(message.chatId);
      chats.refresh(message.chatId);
    });
  }

  /** The chat's row: what was said last, how much is unread. */
  private noteNewest(message: Message): void {
    const { cell, chats } = this.ports;
    const id = idOf(message);
    chats.saw(message.chatId, id);
    chats.change(message.chatId, (chat) => {
      const isNewest = id > idOf(chat.lastMessage ?? undefined);
      const next: Chat = {
        ...chat,
        lastMessage: isNewest ? message : chat.lastMessage,
        updatedAt: Math.max(chat.updatedAt, message.at),
      };
      if (message.senderId !== cell.me) next.unread += id > chat.readUpTo ? 1 : 0;
      else if (id > chat.readUpTo) {
        // Who writes has read what was said before.
        next.readUpTo = id;
        next.unread = this.ports.reading.unreadAfter(chat, id);
      }
      return next;
    });
  }

  /** The answer to an own edit, which is told by a frame as well. */
  takeEdited(wire: WireMessage): void {
    this.ports.cell.batch(() => this.applyEdit(toMessage(wire)));
  }

  private applyEdit(message: Message): void {
    this.ports.timelines.replace(message);
    this.ports.chats.change(message.chatId, (chat) =>
      chat.lastMessage?.id === message.id ? { ...chat, lastMessage: { ...message, key: chat.lastMessage.key } } : chat,
    );
  }

  /** Take a message away; repeated, it changes nothing. */
  applyDeletion(chatId: Id, messageId: Id, clientId: string | null): void {
    const { cell, chats, timelines, outbox } = this.ports;
    cell.batch(() => {
      if (clientId !== null) outbox.settle(clientId);
      timelines.remove(chatId, messageId);
      const chat = chats.get(chatId);
      if (chat?.lastMessage?.id === messageId) {
        const tail = timelines.get(chatId)?.tail;
        const left = tail?.messages.at(-1) ?? null;
        chats.put({ ...chat, lastMessage: left });
        if (!left && tail?.hasOlder !== false) this.ports.findNewest(chatId);
      }
      timelines.show(chatId);
      chats.refresh(chatId);
    });
  }

  private applyChat(wire: WireChat, version: number): void {
    const { cell, chats } = this.ports;
    const before = chats.get(wire.id);
    if (!before) return;
    const isMember = wire.participants.some((person) => person.user_id === cell.me);
    const complete = wire.participants.length >= wire.participant_count;
    if (!isMember && complete) {
      chats.change(wire.id, (chat) => ({ ...chat, version }));
      this.ports.gone(wire.id);
      return;
    }
    if (!isMember || !before.member) this.ports.refetch(wire.id);
    const told = toChat(wire, before, cell.me);
    const { lastMessage, unread, readUpTo } = before;
    chats.put({ ...told, lastMessage, unread, readUpTo, version, updatedAt: Math.max(told.updatedAt, before.updatedAt) });
    this.noteReaders(told);
  }

  /** How far the others have read, as a chat tells it. */
  noteReaders(chat: Chat): void {
    this.ports.people.need(chat.participants.map((person) => person.userId));
    for (const person of chat.participants) this.noteReader(chat.id, person.userId, person.lastReadMessageId);
    this.ports.timelines.markRead(chat.id, this.ports.cell.me, chat.readByAllUpTo);
  }

  private noteReader(chatId: Id, userId: Id, messageId: Id): void {
    const { cell } = this.ports;
    if (userId === cell.me || messageId === 0) return;
    const { readBy } = cell.get();
    const known = readBy[chatId] ?? {};
    if ((known[userId] ?? 0) >= messageId) return;
    cell.set({ readBy: withEntry(readBy, chatId, withEntry(known, userId, messageId)) });
  }

  /** State, not log: safe to repeat. */
  applyState(frame: ServerFrame): void {
    switch (frame.type) {
      case 'read':
        if (frame.user_id === this.ports.cell.me) this.ports.reading.heard(frame.chat_id, frame.message_id);
        else this.applyRead(frame.chat_id, frame.user_id, frame.message_id);
        break;
      case 'is_read':
        this.applyReadByAll(frame.chat_id, frame.up_to_message_id);
        break;
      case 'typing':
        this.ports.people.need([frame.user_id]);
        this.ports.typing.heard(frame.chat_id, frame.user_id);
        break;
      case 'chat_settings':
        this.ports.chats.change(frame.chat_id, (chat) => ({ ...chat, muted: frame.muted, pinned: frame.pinned }));
        break;
      case 'error':
        if (frame.chat_id !== undefined) this.applyError(frame.chat_id, frame.code);
        break;
      default:
        break;
    }
  }

  private applyError(chatId: Id, code: string): void {
    if (code === 'not_found' || code === 'forbidden') this.ports.refetch(chatId);
    else this.ports.reading.refused(chatId);
  }

  private applyRead(chatId: Id, userId: Id, messageId: Id): void {
    this.noteReader(chatId, userId, messageId);
    this.ports.chats.change(chatId, (chat) => {
      const place = chat.participants.findIndex((person) => person.userId === userId);
      const person = chat.participants[place];
      if (!person || person.lastReadMessageId >= messageId) return chat;
      const participants = chat.participants.with(place, { ...person, lastReadMessageId: messageId });
      return { ...chat, participants };
    });
  }

  private applyReadByAll(chatId: Id, upTo: Id): void {
    const { cell, chats, timelines } = this.ports;
    timelines.markRead(chatId, cell.me, upTo);
    chats.change(chatId, (chat) => {
      if (chat.readByAllUpTo >= upTo) return chat;
      const { lastMessage: last } = chat;
      const isRead = last !== null && last.senderId === cell.me && !last.isRead && idOf(last) <= upTo;
      return { ...chat, readByAllUpTo: upTo, lastMessage: isRead ? { ...last, isRead } : last };
    });
  }

  /** Where a chat stands after a sync. */
  synced(chatId: Id, state: SyncedChat): void {
    this.ports.chats.change(chatId, (chat) => {
      const version = Math.max(chat.version, state.version);
      return version === chat.version ? chat : { ...chat, version };
    });
    this.applyReadByAll(chatId, state.read_by_all_up_to);
    this.ports.reading.reconcile(chatId, state.read_up_to, state.unread_count, state.version);
  }
}
