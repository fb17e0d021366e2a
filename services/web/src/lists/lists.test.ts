import { describe, expect, test } from 'vitest';
import type { Chat, Message } from '../engine/model.ts';
import { en } from '../i18n/en.ts';
import { chatsIn, neighbour, previewOf, searchChats, titleOf, totalUnread } from './chats.ts';
import { firstUnread, newestRead, RowBuilder, type Row } from './rows.ts';

const ME = 1;
const DAY = 86_400_000;
const NOON = new Date(2026, 10, 22, 12).getTime();

function message(id: number, change: Partial<Message> = {}): Message {
  return {
    key: `m${id}`, id, chatId: 1, senderId: 2, text: `text ${id}`, at: NOON + id * 1000, isRead: false, editedAt: null,
    replyTo: null, state: 'sent', clientId: null, refusal: null, ...change,
  };
}

function chat(id: number, change: Partial<Chat> = {}): Chat {
  return {
    id, type: 'group', title: `Group ${id}`, creatorId: ME, participants: [], participantCount: 3, complete: false, lastMessage: null,
    unread: 0, version: 1, readUpTo: 0, readByAllUpTo: 0, updatedAt: NOON, muted: false, pinned: false, member: true, ...change,
  };
}

const input = { me: ME, hasOlder: false, dividerBefore: null, someReadUpTo: 0 };
const kinds = (rows: Row[]) => rows.map((row) => row.key);
const runs = (rows: Row[]) => rows.flatMap((row) => (row.kind === 'message' ? [`${row.first ? '(' : '-'}${row.message.id ?? '?'}${row.last ? ')' : '-'}`] : []));

describe('rows', () => {
  test('neighbours of one sender make a run', () => {
    const rows = new RowBuilder().build({ ...input, messages: [message(1), message(2), message(3, { senderId: 3 }), message(4, { senderId: 3, at: NOON + 3_600_000 })] });
    expect(runs(rows)).toEqual(['(1-', '-2)', '(3)', '(4)']);
  });
  test('a day begins with its date, and the oldest loaded message has one only at the beginning of the chat', () => {
    const messages = [message(1, { at: NOON - DAY }), message(2)];
    expect(new RowBuilder().build({ ...input, messages }).map((row) => row.kind)).toEqual(['date', 'message', 'date', 'message']);
    expect(new RowBuilder().build({ ...input, messages, hasOlder: true }).map((row) => row.kind)).toEqual(['message', 'date', 'message']);
  });
  test('the divider stands before the first unread message and ends the run', () => {
    const rows = new RowBuilder().build({ ...input, hasOlder: true, messages: [message(1), message(2), message(3)], dividerBefore: 2 });
    expect(kinds(rows)).toEqual(['m1', 'unread', 'm2', 'm3']);
    expect(runs(rows)).toEqual(['(1)', '(2-', '-3)']);
  });
  test('rows that do not change stay the same objects', () => {
    const builder = new RowBuilder();
    const messages = [message(10), message(11), message(12)];
    const before = builder.build({ ...input, hasOlder: true, messages });
    const after = builder.build({ ...input, hasOlder: true, messages: [message(8), message(9), ...messages] });
    expect(after.at(-1)).toBe(before.at(-1));
    expect(after.at(-2)).toBe(before.at(-2));
    expect(after[2]).not.toBe(before[0]);
  });
  test('a receipt draws one row anew', () => {
    const builder = new RowBuilder();
    const own = [message(1, { senderId: ME }), message(2, { senderId: ME })];
    const before = builder.build({ ...input, hasOlder: true, messages: own });
    const after = builder.build({ ...input, hasOlder: true, messages: own, someReadUpTo: 1 });
    expect(after[1]).toBe(before[1]);
    expect(after.map((row) => (row.kind === 'message' ? row.tick : null))).toEqual(['some', 'sent']);
  });
  test('ticks go from the clock to all', () => {
    const tick = (change: Partial<Message>, someReadUpTo = 0) => {
      const [row] = new RowBuilder().build({ ...input, hasOlder: true, messages: [message(5, { senderId: ME, ...change })], someReadUpTo });
      return row?.kind === 'message' ? row.tick : null;
    };
    expect(tick({ id: null, state: 'pending' })).toBe('pending');
    expect(tick({ id: null, state: 'failed' })).toBe('failed');
    expect(tick({})).toBe('sent');
    expect(tick({}, 5)).toBe('some');
    expect(tick({ isRead: true }, 5)).toBe('all');
    expect(tick({ senderId: 2 }, 9)).toBe('none');
  });
  test('a key outlives the acknowledgement', () => {
    const builder = new RowBuilder();
    const pending = message(0, { key: 'c1', id: null, senderId: ME, state: 'pending', clientId: 'c1' });
    const before = builder.build({ ...input, hasOlder: true, messages: [pending] });
    const after = builder.build({ ...input, hasOlder: true, messages: [{ ...pending, id: 7, state: 'sent' }] });
    expect(kinds(after)).toEqual(kinds(before));
  });
  test('unread begins with somebody else’s message', () => {
    expect(firstUnread([message(1), message(2, { senderId: ME }), message(3)], ME, 1)).toBe(3);
    expect(firstUnread([message(1)], ME, 1)).toBeNull();
    expect(newestRead({ 1: 9, 2: 4, 3: 6 }, ME)).toBe(6);
  });
});

describe('chats', () => {
  const people = { 2: { id: 2, username: 'anna', name: 'Anna Petrova' } };
  const dialogue = chat(2, { type: 'private', title: null, participants: [{ userId: ME, role: 'member', lastReadMessageId: 0 }, { userId: 2, role: 'member', lastReadMessageId: 0 }], unread: 2 });
  const chats = { 1: chat(1), 2: dialogue, 3: chat(3, { unread: 5, muted: true }) };
  const order = [3, 1, 2];

  test('a private chat is called as the other person', () => {
    expect(titleOf(dialogue, ME, people, en)).toBe('Anna Petrova');
  });
  test('folders keep the order; the opened chat stays among the unread', () => {
    expect(chatsIn('all', { order, chats, kept: null })).toEqual([3, 1, 2]);
    expect(chatsIn('unread', { order, chats, kept: null })).toEqual([3, 2]);
    expect(chatsIn('unread', { order, chats, kept: 1 })).toEqual([3, 1, 2]);
    expect(chatsIn('people', { order, chats, kept: null })).toEqual([2]);
    expect(chatsIn('groups', { order, chats, kept: null })).toEqual([3, 1]);
  });
  test('muted chats do not count', () => {
    expect(totalUnread(chats)).toBe(2);
  });
  test('typing comes before a draft, a draft before the last message', () => {
    const known = { me: ME, people, draft: undefined, typing: [] };
    const last = chat(1, { lastMessage: message(1, { text: 'two\n lines' }) });
    expect(previewOf(last, known, en)).toEqual({ kind: 'message', from: 'Anna', text: 'two lines' });
    expect(previewOf(chat(1, { lastMessage: message(1, { senderId: ME }) }), known, en)).toMatchObject({ from: 'You' });
    const draft = { text: 'later', replyTo: null, editing: null, at: 0 };
    expect(previewOf(last, { ...known, draft }, en)).toEqual({ kind: 'draft', text: 'later' });
    expect(previewOf(last, { ...known, draft, typing: [2] }, en)).toEqual({ kind: 'typing', people: [2] });
    expect(previewOf(chat(1), known, en)).toEqual({ kind: 'none' });
  });
  test('search finds beginnings of words first', () => {
    const state = { order, chats, people, me: { id: ME, username: 'me', name: 'Me' } };
    expect(searchChats('pet', state, en)).toEqual([2]);
    expect(searchChats('GROUP', state, en)).toEqual([3, 1]);
    expect(searchChats('rou', state, en)).toEqual([3, 1]);
  });
  test('neighbours end at the ends', () => {
    expect(neighbour([1, 2, 3], 2, 1)).toBe(3);
    expect(neighbour([1, 2, 3], 3, 1)).toBeNull();
    expect(neighbour([1, 2, 3], null, 1)).toBe(1);
  });
});
