/** What the server says, as it says it, and its translation into the model. */
import type { Chat, Id, Message, Participant, Quote } from './model.ts';

export interface WireQuote {
  id: Id;
  sender_id: Id;
  text: string;
}

export interface WireMessage {
  id: Id;
  chat_id: Id;
  sender_id: Id;
  text: string;
  timestamp: string;
  is_read: boolean;
  client_id?: string | null;
  edited_at?: string | null;
  reply_to_id?: Id | null;
  reply_to?: WireQuote | null;
  deleted?: boolean;
}

export interface WireParticipant {
  user_id: Id;
  role: Participant['role'];
  last_read_message_id: Id;
}

/** Live `chat` frames lack what differs from viewer to viewer. */
export interface WireChat {
  id: Id;
  type: Chat['type'];
  title: string | null;
  creator_id: Id;
  participants: WireParticipant[];
  participant_count: number;
  last_message: WireMessage | null;
  version: number;
  read_by_all_up_to?: Id;
  created_at?: string;
  updated_at?: string;
  unread_count?: number;
  read_up_to?: Id;
  muted?: boolean;
  pinned?: boolean;
}

export interface WirePerson {
  id: Id;
  username: string;
  name: string;
}

export interface Bootstrap {
  me: WirePerson;
  chats: WireChat[];
  next_cursor: string | null;
  users: WirePerson[];
  server_time: string;
}

export interface ChatPage {
  items: WireChat[];
  next_cursor: string | null;
}

export interface WireReader {
  user_id: Id;
  at: string;
}

export interface WireReaders {
  count: number;
  seen: WireReader[] | null;
  not_seen: Id[] | null;
}

export interface WireSession {
  id: string;
  device: string;
  address: string | null;
  created_at: string;
  last_used_at: string;
  current: boolean;
}

export interface WireRefresh {
  expires_in: number;
}

export interface SyncedChat {
  version: number;
  unread_count: number;
  read_up_to: Id;
  read_by_all_up_to: Id;
}

/** Frames that take a chat from one version to the next. */
export type VersionedFrame =
  | { type: 'message'; version: number; message: WireMessage }
  | { type: 'message_changed'; version: number; message: WireMessage }
  | { type: 'chat'; version: number; chat: WireChat };

export type ServerFrame =
  | VersionedFrame
  | { type: 'hello'; user_id: Id; connection_id: string }
  | { type: 'read'; chat_id: Id; user_id: Id; message_id: Id }
  | { type: 'is_read'; chat_id: Id; up_to_message_id: Id }
  | { type: 'typing'; chat_id: Id; user_id: Id }
  | { type: 'chat_settings'; chat_id: Id; muted: boolean; pinned: boolean }
  | { type: 'too_long'; chat_id: Id; version: number }
  | { type: 'synced'; chats: Record<string, SyncedChat> }
  | { type: 'error'; code: string; detail: string; client_id: string | null; chat_id?: Id; retry_after?: number }
  | { type: 'reauth_required'; in_s: number }
  | { type: 'pong' };

export type ClientFrame =
  | { type: 'read'; chat_id: Id; message_id: Id }
  | { type: 'typing'; chat_id: Id }
  | { type: 'sync'; chats: Record<string, number> }
  | { type: 'ping' };

export function chatIdOf(frame: VersionedFrame): Id {
  return frame.type === 'chat' ? frame.chat.id : frame.message.chat_id;
}

function quoteOf(wire: WireMessage): Quote | null {
  if (wire.reply_to) return { id: wire.reply_to.id, senderId: wire.reply_to.sender_id, text: wire.reply_to.text };
  // Of a deleted message nothing is told but that there was one.
  return wire.reply_to_id ? { id: wire.reply_to_id, senderId: 0, text: null } : null;
}

export function toMessage(wire: WireMessage): Message {
  const clientId = wire.client_id ?? null;
  return {
    key: clientId ?? `m${wire.id}`,
    id: wire.id,
    chatId: wire.chat_id,
    senderId: wire.sender_id,
    text: wire.text,
    at: Date.parse(wire.timestamp),
    isRead: wire.is_read,
    editedAt: wire.edited_at ? Date.parse(wire.edited_at) : null,
    replyTo: quoteOf(wire),
    state: 'sent',
    clientId,
    refusal: null,
  };
}

function toParticipants(wire: WireChat): Participant[] {
  return wire.participants.map((person) => ({
    userId: person.user_id,
    role: person.role,
    lastReadMessageId: person.last_read_message_id,
  }));
}

/** Translate a chat; what the frame leaves out stays as it was. A short list of people never replaces a full one. */
export function toChat(wire: WireChat, before: Chat | undefined, me: Id): Chat {
  const complete = wire.participants.length >= wire.participant_count;
  const own = wire.participants.find((person) => person.user_id === me);
  const keepsPeople = !complete && before?.complete === true && before.participantCount === wire.participant_count;
  const last = wire.last_message && !wire.last_message.deleted ? toMessage(wire.last_message) : null;
  const created = Date.parse(wire.created_at ?? '');
  const updated = Date.parse(wire.updated_at ?? '');
  return {
    id: wire.id,
    type: wire.type,
    title: wire.title,
    creatorId: wire.creator_id,
    participants: keepsPeople ? before.participants : toParticipants(wire),
    participantCount: wire.participant_count,
    complete: complete || keepsPeople,
    lastMessage: last,
    unread: wire.unread_count ?? before?.unread ?? 0,
    version: wire.version,
    readUpTo: Math.max(wire.read_up_to ?? own?.last_read_message_id ?? 0, before?.readUpTo ?? 0),
    readByAllUpTo: Math.max(wire.read_by_all_up_to ?? 0, before?.readByAllUpTo ?? 0),
    updatedAt: updated || last?.at || created || before?.updatedAt || 0,
    muted: wire.muted ?? before?.muted ?? false,
    pinned: wire.pinned ?? before?.pinned ?? false,
    member: true,
  };
}
