import type { StoreApi } from 'zustand/vanilla';
import type { DeviceSession, Id, Message, Person, Quote, SeenBy, Settings, State } from './model.ts';

/** A request that the server refused or that found no server; `status` is 0 without an answer. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** Seconds to wait, when the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${status} ${title}: ${detail}`);
  }
}

/**
 * All that the user interface can ask for. Everything else reaches it through `store`.
 * Methods that return nothing never reject: what becomes of them is seen in the store.
 * Methods that return a promise of something reject with `RequestError`.
 */
export interface Engine {
  readonly store: StoreApi<State>;

  /** Paint from IndexedDB, then bootstrap, connect and synchronise. */
  start(): void;
  stop(): void;
  /** Begin again after `phase` became `failed`. */
  retryStart(): void;

  /** Show a chat: at its first unread message, where it was left, or around a message. */
  openChat(chatId: Id, around?: Id): void;
  closeChat(): void;
  loadOlder(chatId: Id): void;
  loadNewer(chatId: Id): void;
  /** Make the window hold this message, contiguous with its neighbours; false when there is no such message. */
  jumpTo(chatId: Id, messageId: Id): Promise<boolean>;
  /** Make the window end with the newest message. */
  jumpToEnd(chatId: Id): Promise<void>;
  loadMoreChats(): void;
  /** Fetch all participants of a group, and the names of those who are not known yet. */
  loadParticipants(chatId: Id): Promise<void>;

  /** Put a message into the outbox and into the window in the same tick. */
  send(chatId: Id, text: string, replyTo?: Quote | null): void;
  /** Send a failed message again, with the same client id. */
  retry(chatId: Id, key: string): void;
  /** Take a message out of the outbox that was not accepted. */
  discard(chatId: Id, key: string): void;
  edit(chatId: Id, messageId: Id, text: string): Promise<void>;
  remove(chatId: Id, messageId: Id): Promise<void>;
  markRead(chatId: Id, messageId: Id): void;
  /** Tell the others, at most every 3 s. */
  typing(chatId: Id): void;
  setDraft(chatId: Id, draft: { text: string; replyTo?: Quote | null; editing?: Id | null }): void;

  createPrivate(userId: Id): Promise<Id>;
  createGroup(title: string, userIds: Id[]): Promise<Id>;
  renameGroup(chatId: Id, title: string): Promise<void>;
  addParticipant(chatId: Id, userId: Id): Promise<void>;
  removeParticipant(chatId: Id, userId: Id): Promise<void>;
  appoint(chatId: Id, userId: Id, role: 'admin' | 'member'): Promise<void>;
  leave(chatId: Id): Promise<void>;
  setMuted(chatId: Id, muted: boolean): Promise<void>;
  setPinned(chatId: Id, pinned: boolean): Promise<void>;

  searchPeople(query: string, signal?: AbortSignal): Promise<Person[]>;
  seenBy(chatId: Id, messageId: Id): Promise<SeenBy>;

  sessions(): Promise<DeviceSession[]>;
  endSession(id: string): Promise<void>;
  endOtherSessions(): Promise<void>;
  /** Unsent messages of this browser, to be asked about before `logout`. */
  unsent(): Message[];
  /** End the session here and at Keycloak, wipe what this browser keeps, leave for the signed-out page. */
  logout(): Promise<void>;
  changeSettings(change: Partial<Settings>): void;
  /** Let the new version of the page take over. */
  applyUpdate(): void;
}
