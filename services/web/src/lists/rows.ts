import type { Id, Message } from '../engine/model.ts';
import { dayStart } from '../i18n/dates.ts';

/** What the ticks of an own message say; `none` for those of others. */
export type Tick = 'none' | 'pending' | 'failed' | 'sent' | 'some' | 'all';

export interface MessageRow {
  kind: 'message';
  key: string;
  message: Message;
  own: boolean;
  /** First and last of a run of one sender: the name stands on the first, the tail and the picture on the last. */
  first: boolean;
  last: boolean;
  tick: Tick;
}

export interface DateRow {
  kind: 'date';
  key: string;
  at: number;
}

export interface UnreadRow {
  kind: 'unread';
  key: 'unread';
}

export type Row = MessageRow | DateRow | UnreadRow;

export interface RowsInput {
  messages: readonly Message[];
  me: Id;
  /** The oldest loaded message has no known predecessor: whether its day begins with it is not known yet. */
  hasOlder: boolean;
  /** The divider stands before this message; null for none. */
  dividerBefore: Id | null;
  /** In groups: the newest message that somebody else has read; 0 in private chats. */
  someReadUpTo: Id;
}

const RUN_MS = 10 * 60_000;

function tickOf(message: Message, own: boolean, someReadUpTo: Id): Tick {
  if (!own) return 'none';
  if (message.state !== 'sent') return message.state;
  if (message.isRead) return 'all';
  return message.id !== null && message.id <= someReadUpTo ? 'some' : 'sent';
}

/** Builds rows from messages and gives the same object again for a row that has not changed, so that it is not drawn anew. */
export class RowBuilder {
  private cache = new Map<string, Row>();

  build(input: RowsInput): Row[] {
    const { messages, dividerBefore } = input;
    const fresh = new Map<string, Row>();
    const rows: Row[] = [];
    const put = (row: Row) => {
      fresh.set(row.key, row);
      rows.push(row);
    };
    let joinsPrevious = false;
    messages.forEach((message, i) => {
      const previous = messages[i - 1];
      const next = messages[i + 1];
      const startsDay = previous ? dayStart(previous.at) !== dayStart(message.at) : !input.hasOlder;
      if (startsDay) put(this.date(dayStart(message.at)));
      if (message.id !== null && message.id === dividerBefore) put(this.cache.get('unread') ?? { kind: 'unread', key: 'unread' });
      const joinsNext = next !== undefined && isOneRun(message, next) && (next.id === null || next.id !== dividerBefore);
      put(this.message(message, input, !joinsPrevious, !joinsNext));
      joinsPrevious = joinsNext;
    });
    this.cache = fresh;
    return rows;
  }

  private date(at: number): Row {
    const key = `d${at}`;
    return this.cache.get(key) ?? { kind: 'date', key, at };
  }

  private message(message: Message, input: RowsInput, first: boolean, last: boolean): Row {
    const own = message.senderId === input.me;
    const tick = tickOf(message, own, input.someReadUpTo);
    const old = this.cache.get(message.key);
    if (old?.kind === 'message' && old.message === message && old.first === first && old.last === last && old.tick === tick && old.own === own) return old;
    return { kind: 'message', key: message.key, message, own, first, last, tick };
  }
}

function isOneRun(a: Message, b: Message): boolean {
  return a.senderId === b.senderId && b.at - a.at < RUN_MS && dayStart(a.at) === dayStart(b.at);
}

/** Where the divider of unread messages belongs: before the first message of somebody else beyond `readUpTo`. */
export function firstUnread(messages: readonly Message[], me: Id, readUpTo: Id): Id | null {
  return messages.find((m) => m.senderId !== me && m.id !== null && m.id > readUpTo)?.id ?? null;
}

/** The newest message of a group that at least one other person has read. */
export function newestRead(readBy: Record<Id, Id> | undefined, me: Id): Id {
  let newest = 0;
  for (const [person, upTo] of Object.entries(readBy ?? {})) if (Number(person) !== me && upTo > newest) newest = upTo;
  return newest;
}
