import { describe, expect, test } from 'vitest';
import type { Chat, Message, State } from '../../engine/model.ts';
import { arrivals } from './Announcer.tsx';
import { heard } from './notify.ts';

function message(id: number, change: Partial<Message> = {}): Message {
  return { key: `m${id}`, id, chatId: 1, senderId: 2, text: `text ${id}`, at: id, isRead: false, editedAt: null, replyTo: null, state: 'sent', clientId: null, refusal: null, ...change };
}

const chat: Chat = {
  id: 1, type: 'group', title: 'Group', creatorId: 1, participants: [], participantCount: 2, complete: true, lastMessage: message(1), unread: 0, version: 1, readUpTo: 1, readByAllUpTo: 0,
  updatedAt: 0, muted: false, pinned: false, member: true,
};
const before = {
  phase: 'ready', active: 1, me: { id: 9, username: 'me', name: 'Me' }, people: { 2: { id: 2, username: 'anna', name: 'Anna' } }, chats: { 1: chat },
  windows: { 1: { messages: [message(1)], hasOlder: true, hasNewer: false, loading: 'none', error: 'none' } }, settings: { notifications: true },
} as unknown as State;

function later(messages: Message[], change: Partial<Chat> = {}): State {
  const last = messages.at(-1) ?? null;
  const window = { messages, hasOlder: true, hasNewer: false, loading: 'none', error: 'none' } as const;
  return { ...before, windows: { 1: window }, chats: { 1: { ...chat, lastMessage: last, unread: 1, ...change } } };
}

describe('read out', () => {
  test('what others have just written', () => {
    expect(arrivals(later([message(1), message(2)]), before)).toEqual(['Anna: text 2']);
  });
  test('neither my own messages nor history that has been loaded', () => {
    expect(arrivals(later([message(1), message(2, { senderId: 9 })]), before)).toEqual([]);
    expect(arrivals(later([message(-1), message(0), message(1)]), before)).toEqual([]);
  });
  test('nothing of another chat', () => {
    expect(arrivals({ ...later([message(1), message(2)]), active: 2 }, before)).toEqual([]);
  });
});

describe('notified of', () => {
  const ids = (state: State, old = before) => heard(state, old).map((one) => one.id);
  test('a new message of somebody else', () => {
    expect(ids(later([message(2)]))).toEqual([1]);
  });
  test('nothing in muted chats, of my own, or when it is switched off', () => {
    expect(ids(later([message(2)], { muted: true }))).toEqual([]);
    expect(ids(later([message(2, { senderId: 9 })]))).toEqual([]);
    expect(ids({ ...later([message(2)]), settings: { ...before.settings, notifications: false } })).toEqual([]);
  });
  test('nothing that the first load brings', () => {
    expect(ids(later([message(2)]), { ...before, phase: 'loading' })).toEqual([]);
  });
});
