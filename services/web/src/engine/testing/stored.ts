import type { Id } from '../model.ts';
import type { VersionedFrame, WireChat, WireMessage } from '../wire.ts';

/** A chat as the model server keeps it; below, what one of its people is told of it. */
export interface StoredChat {
  id: Id;
  type: 'private' | 'group';
  title: string | null;
  members: Id[];
  messages: WireMessage[];
  /** By client id: the message, and its text when it was sent. */
  clientIds: Map<string, { message: WireMessage; text: string }>;
  log: ({ version: number; messageId: Id; kind: 'message' | 'message_changed' } | { version: number; kind: 'chat' })[];
  readUpTo: Map<Id, Id>;
  updatedAt: number;
}

export function unread(chat: StoredChat, userId: Id): number {
  const mark = chat.readUpTo.get(userId) ?? 0;
  return chat.messages.filter((message) => message.sender_id !== userId && message.id > mark).length;
}

export function readByAll(chat: StoredChat, userId: Id): Id {
  const others = chat.members.filter((member) => member !== userId);
  return others.length === 0 ? 0 : Math.min(...others.map((member) => chat.readUpTo.get(member) ?? 0));
}

export function messageFor(chat: StoredChat, message: WireMessage, userId: Id): WireMessage {
  const { client_id, ...rest } = message;
  const is_read = readByAll(chat, message.sender_id) >= message.id;
  return { ...rest, is_read, ...(rest.sender_id === userId && { client_id: client_id ?? null }) };
}

export function chatFor(chat: StoredChat, userId: Id): WireChat {
  const last = chat.messages.findLast((message) => !message.deleted);
  return {
    ...chatForAll(chat),
    last_message: last ? messageFor(chat, last, userId) : null,
    unread_count: unread(chat, userId),
    read_up_to: chat.readUpTo.get(userId) ?? 0,
    read_by_all_up_to: readByAll(chat, userId),
    muted: false,
    pinned: false,
  };
}

function chatForAll(chat: StoredChat): WireChat {
  return {
    id: chat.id,
    type: chat.type,
    title: chat.title,
    creator_id: chat.members[0] ?? 0,
    participants: chat.members.map((user_id) => ({
      user_id,
      role: 'member',
      last_read_message_id: chat.readUpTo.get(user_id) ?? 0,
    })),
    participant_count: chat.members.length,
    last_message: null,
    version: chat.log.length,
    updated_at: new Date(chat.updatedAt).toISOString(),
  };
}

export function frameOf(chat: StoredChat, version: number, userId: Id): VersionedFrame {
  const entry = chat.log[version - 1];
  if (entry === undefined || entry.kind === 'chat') return { type: 'chat', version, chat: chatForAll(chat) };
  const message = chat.messages.find((one) => one.id === entry.messageId);
  if (!message) throw new Error('no such message');
  return { type: entry.kind, version, message: messageFor(chat, message, userId) };
}
