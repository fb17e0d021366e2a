/**
 * What the user interface knows: plain objects in one store, written by the sync engine alone.
 * Ids are the server's integers; times are milliseconds since the epoch.
 */

export type Id = number;

export interface Person {
  id: Id;
  username: string;
  name: string;
}

/** Why a message could not be sent; `code` is the contract's error code or the status of the answer. */
export interface Refusal {
  code: string;
  detail: string;
}

/** What a reply quotes; `text` is an excerpt, null when the quoted message has been deleted. */
export interface Quote {
  id: Id;
  senderId: Id;
  text: string | null;
}

export interface Message {
  /** Stable for the whole life of the row: the client id of own messages, `m<id>` of others. */
  key: string;
  /** The server's id; null until it is acknowledged. */
  id: Id | null;
  chatId: Id;
  senderId: Id;
  text: string;
  at: number;
  /** Read by everyone in the chat other than the sender. */
  isRead: boolean;
  editedAt: number | null;
  replyTo: Quote | null;
  /** `pending`: in the outbox. `failed`: refused for good. `sent`: in the database. */
  state: 'pending' | 'failed' | 'sent';
  clientId: string | null;
  refusal: Refusal | null;
}

export interface Participant {
  userId: Id;
  role: 'creator' | 'admin' | 'member';
  lastReadMessageId: Id;
}

export interface Chat {
  id: Id;
  type: 'private' | 'group';
  /** Null in private chats: they are called as the other person. */
  title: string | null;
  creatorId: Id;
  participants: Participant[];
  participantCount: number;
  /** Whether `participants` are all of them (lists carry only some). */
  complete: boolean;
  /** The newest message that is not deleted, own unsent ones included. */
  lastMessage: Message | null;
  unread: number;
  version: number;
  /** How far I have read. */
  readUpTo: Id;
  readByAllUpTo: Id;
  /** Time of the newest activity; orders the list. */
  updatedAt: number;
  muted: boolean;
  pinned: boolean;
  /** False once I have left or was removed. */
  member: boolean;
}

/** A contiguous part of a chat's messages, oldest first, at most 400; unsent own messages last, only at the end. */
export interface MessageWindow {
  messages: Message[];
  hasOlder: boolean;
  hasNewer: boolean;
  loading: 'none' | 'open' | 'older' | 'newer';
  /** What failed and can be tried again. */
  error: 'none' | 'open' | 'older' | 'newer' | 'not_found';
}

export interface Draft {
  text: string;
  replyTo: Quote | null;
  /** The message that is being edited, if any. */
  editing: Id | null;
  at: number;
}

export type EndReason = 'none' | 'logout' | 'revoked' | 'evicted' | 'expired';

export type Connection =
  /** Nothing yet, or between two tries. */
  | 'connecting'
  /** The socket is open and the difference is being fetched. */
  | 'syncing'
  | 'online'
  /** The browser says that there is no network. */
  | 'offline';

export interface Settings {
  theme: 'system' | 'light' | 'dark';
  language: 'en' | 'ru';
  /** Body text in px: 13 … 20. */
  textSize: number;
  reduceMotion: boolean;
  /** False: Ctrl+Enter (⌘+Enter) sends and Enter makes a new line. */
  enterSends: boolean;
  arrowUpEdits: boolean;
  notifications: boolean;
  announcements: boolean;
}

export interface State {
  phase: 'loading' | 'ready' | 'signed-out' | 'failed';
  /** Why this device was signed out. */
  endReason: EndReason;
  /** Unsent messages that were wiped with the session. */
  unsentLost: number;
  me: Person | null;
  people: Record<Id, Person>;
  chats: Record<Id, Chat>;
  /** Ids of the chats in the order of the list: pinned first, then newest activity first. */
  order: Id[];
  moreChats: boolean;
  windows: Record<Id, MessageWindow>;
  /** The chat on the screen. */
  active: Id | null;
  /** Per chat, per other person: the message up to which they are known to have read. */
  readBy: Record<Id, Record<Id, Id>>;
  /** Per chat, per person: when their typing ends. */
  typing: Record<Id, Record<Id, number>>;
  drafts: Record<Id, Draft>;
  connection: Connection;
  /** Since when `connection` has not been `online`; 0 while it is. */
  awaySince: number;
  /** Sending pauses until then because the server said "too fast"; 0 otherwise. */
  pausedUntil: number;
  /** False in private windows where IndexedDB is refused. */
  storage: boolean;
  /** A new version of the page waits to take over. */
  updateReady: boolean;
  settings: Settings;
}

export interface DeviceSession {
  id: string;
  device: string;
  address: string;
  firstSeen: number;
  lastSeen: number;
  current: boolean;
}

export interface SeenBy {
  /** Who has read it and when, newest first; null in groups of more than 100, where only `count` is told. */
  seen: { userId: Id; at: number }[] | null;
  notSeen: Id[] | null;
  count: number;
}
