import type { Chat, Id, Message } from './model.ts';
import { sameItems, withEntry, withoutEntry, type Cell } from './store.ts';

/** Pinned first, then the newest activity first. */
function compare(one: Chat, other: Chat): number {
  return Number(other.pinned) - Number(one.pinned) || other.updatedAt - one.updatedAt || other.id - one.id;
}

/**
 * The chats as the server tells them, and what the list shows of them: own unsent messages on top.
 * `bases` never contain unsent messages; they are what is kept on disk.
 */
export class Chats {
  private readonly bases = new Map<Id, Chat>();
  /** The newest message of each chat that is known of, deleted ones included. */
  private readonly newest = new Map<Id, Id>();

  constructor(
    private readonly cell: Cell,
    private readonly unsentOf: (chatId: Id) => readonly Message[],
  ) {}

  get(chatId: Id): Chat | undefined {
    return this.bases.get(chatId);
  }

  all(): Chat[] {
    return [...this.bases.values()];
  }

  newestIn(chatId: Id): Id {
    return Math.max(this.newest.get(chatId) ?? 0, this.bases.get(chatId)?.lastMessage?.id ?? 0);
  }

  /** Note that there is such a message, shown or not. */
  saw(chatId: Id, messageId: Id): void {
    if (messageId > (this.newest.get(chatId) ?? 0)) this.newest.set(chatId, messageId);
  }

  put(chat: Chat): void {
    this.bases.set(chat.id, chat);
    this.refresh(chat.id);
  }

  change(chatId: Id, change: (chat: Chat) => Chat): void {
    const before = this.bases.get(chatId);
    if (!before) return;
    const after = change(before);
    if (after !== before) this.put(after);
  }

  /** Somebody is in a chat no more: on the screen it stays until it is left. */
  drop(chatId: Id): void {
    if (this.cell.get().active === chatId) {
      this.change(chatId, (chat) => ({ ...chat, member: false, unread: 0 }));
      return;
    }
    this.bases.delete(chatId);
    this.newest.delete(chatId);
    const { chats, order } = this.cell.get();
    this.cell.set({ chats: withoutEntry(chats, chatId), order: order.filter((id) => id !== chatId) });
  }

  clear(): void {
    this.bases.clear();
    this.newest.clear();
  }

  /** Show a chat anew, after it or its unsent messages have changed. */
  refresh(chatId: Id): void {
    const base = this.bases.get(chatId);
    if (!base) return;
    const { chats, order } = this.cell.get();
    const shown = withUnsent(base, this.unsentOf(chatId));
    const before = chats[chatId];
    if (before && before !== shown && sameShown(before, shown)) return;
    const next = withEntry(chats, chatId, shown);
    if (next === chats) return;
    const moves = before?.updatedAt !== shown.updatedAt || before.pinned !== shown.pinned;
    const sorted = moves ? this.sorted(next) : order;
    this.cell.set({ chats: next, order: sameItems(order, sorted) ? order : sorted });
  }

  private sorted(chats: Record<Id, Chat>): Id[] {
    return Object.values(chats)
      .sort(compare)
      .map((chat) => chat.id);
  }
}

function withUnsent(base: Chat, unsent: readonly Message[]): Chat {
  const last = unsent.at(-1);
  if (!last) return base;
  const shows = last.state === 'pending' || last.at >= base.updatedAt;
  return shows ? { ...base, lastMessage: last, updatedAt: Math.max(base.updatedAt, last.at) } : base;
}

function sameShown(one: Chat, other: Chat): boolean {
  return (Object.keys(one) as (keyof Chat)[]).every((key) => one[key] === other[key]);
}
