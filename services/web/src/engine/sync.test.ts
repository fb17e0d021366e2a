import { describe, expect, test } from 'vitest';
import type { Id, MessageWindow } from './model.ts';
import { Browser, type Tab } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { pick, seeded } from './testing/random.ts';
import { problem } from './testing/rest.ts';
import { ModelServer, NO_FAULTS, type Faults } from './testing/server.ts';
import { unread } from './testing/stored.ts';

const ME = 1;

function faulty(random: () => number): Faults {
  return {
    ...NO_FAULTS,
    deliveries: () => {
      const fate = random();
      if (fate < 0.15) return []; // Lost.
      if (fate < 0.3) return [1, 1 + random() * 400]; // Doubled.
      return [1 + random() * (fate < 0.6 ? 300 : 5)]; // Late or in time.
    },
    losesAnswer: () => random() < 0.3,
  };
}

/** At every moment: each message once, in order, unsent own ones last, and a row never changes its key. */
function watchInvariants(tab: Tab): () => void {
  const keys = new Map<Id, string>();
  return tab.engine.store.subscribe((state, before) => {
    if (state.windows === before.windows) return;
    for (const window of Object.values(state.windows)) {
      checkOrder(window);
      for (const { id, key } of window.messages) {
        if (id === null) continue;
        const known = keys.get(id) ?? key;
        if (known !== key) throw new Error(`message ${id} was ${known} and is ${key}`);
        keys.set(id, key);
      }
    }
  });
}

function checkOrder({ messages }: MessageWindow): void {
  const ids = messages.flatMap((message) => message.id ?? []);
  const isAscending = ids.every((id, place) => place === 0 || id > (ids[place - 1] ?? 0));
  const unsentLast = messages.findIndex((message) => message.id === null);
  const inOrder = unsentLast < 0 || messages.slice(unsentLast).every((message) => message.id === null);
  const once = new Set(messages.map((message) => message.key)).size === messages.length;
  if (!isAscending || !inOrder || !once) throw new Error(`bad window: ${JSON.stringify(messages)}`);
}

function expectEqual(tab: Tab, server: ModelServer): void {
  for (const chat of server.chats.values()) {
    const visible = chat.messages.filter((message) => !message.deleted);
    const shown = tab.state.chats[chat.id];
    expect(shown).toMatchObject({
      version: chat.log.length,
      unread: unread(chat, ME),
      readUpTo: chat.readUpTo.get(ME) ?? 0,
    });
    expect(shown?.lastMessage?.id ?? null).toBe(visible.at(-1)?.id ?? null);
    const window = tab.state.windows[chat.id];
    if (!window) continue;
    const expected = window.hasOlder ? visible.slice(-window.messages.length) : visible;
    const mark = chat.readUpTo.get(chat.members.find((member) => member !== ME) ?? 0) ?? 0;
    expect(window.messages.map(({ id, text, senderId, isRead }) => [id, text, senderId === ME && isRead])).toEqual(
      expected.map(({ id, text, sender_id }) => [id, text, sender_id === ME && id <= mark]),
    );
  }
}

async function live(seed: number): Promise<void> {
  const random = seeded(seed);
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chats = [server.addChat([ME, 2]), server.addChat([ME, 3])];
  for (const chat of chats) for (let n = 0; n < 10; n += 1) server.say(chat, pick(random, chat.members), `old ${n}`);
  const tab = await new Browser(clock, server, ME, random).openOnline();
  const stop = watchInvariants(tab);
  tab.engine.openChat(chats[0]?.id ?? 0);
  server.faults = faulty(random);
  server.maxEntries = random() < 0.3 ? 5 : 500;
  for (let step = 0; step < 60; step += 1) {
    const chat = pick(random, chats);
    const [, other = 2] = chat.members;
    const act = random();
    if (act < 0.45) server.say(chat, other, `said ${step}`);
    else if (act < 0.6) tab.engine.send(chat.id, `sent ${step}`);
    else if (act < 0.7) server.edit(chat, pick(random, chat.messages).id, `edited ${step}`);
    else if (act < 0.78) server.remove(chat, pick(random, chat.messages).id);
    else if (act < 0.83) server.read(chat, other, pick(random, chat.messages).id);
    else if (act < 0.87) server.dropAll(random() < 0.5 ? 1006 : 1012);
    else if (act < 0.9) server.syncs = !server.syncs;
    else if (act < 0.95) tab.engine.openChat(chat.id);
    else tab.engine.markRead(chat.id, chat.messages.findLast((message) => !message.deleted)?.id ?? 0);
    await clock.run(random() < 0.5 ? random() * 50 : random() * 1500);
  }
  server.syncs = true;
  await clock.until(() => tab.engine.unsent().length === 0, 600_000);
  server.faults = NO_FAULTS;
  await clock.run(1_000);
  server.dropAll();
  await clock.until(() => tab.state.connection !== 'online');
  await clock.until(() => tab.state.connection === 'online');
  await clock.run(5_000);
  expectEqual(tab, server);
  stop();
  tab.engine.stop();
}

describe('whatever befalls the frames, the engine ends where the server is', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('seed %i', live, 30_000);
});

test('frames ahead of a gap wait, and the gap is asked for once', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([ME, 2]);
  const tab = await new Browser(clock, server).openOnline();
  tab.engine.openChat(chat.id);
  await clock.run(100);
  const asked = () => tab.socket.received.filter((frame) => frame.type === 'sync').length;
  const before = asked();
  server.faults = { ...NO_FAULTS, deliveries: () => [] };
  server.say(chat, 2, 'one');
  server.faults = NO_FAULTS;
  server.say(chat, 2, 'two');
  server.say(chat, 2, 'three');
  await clock.run(1);
  expect(tab.texts(chat.id)).toEqual([]);
  await clock.run(100);
  expect(tab.texts(chat.id)).toEqual(['one', 'two', 'three']);
  expect(asked()).toBe(before + 1);
});

test('an unknown chat is fetched, and what was said in it meanwhile follows', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const tab = await new Browser(clock, server).openOnline();
  const chat = server.addChat([1, 2, 3]);
  server.say(chat, 2, 'one');
  server.say(chat, 3, 'two');
  await clock.run(500);
  expect(tab.state.chats[chat.id]).toMatchObject({ unread: 2, version: 3 });
  expect(tab.state.people[3]?.name).toBe('User 3');
});

test('a chat that the database does not answer for yet is asked for again', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const tab = await new Browser(clock, server).openOnline();
  server.faults = { ...NO_FAULTS, intercept: (_, path) => (path.startsWith('/api/chats/') ? problem(404) : null) };
  const chat = server.addChat([1, 2, 3]);
  server.say(chat, 2, 'one');
  await clock.run(100);
  server.faults = NO_FAULTS;
  await clock.run(2_000);
  expect(tab.state.chats[chat.id]).toMatchObject({ unread: 1, version: 2 });
});

test('a chat that was created while the socket was away is there after it', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const tab = await new Browser(clock, server).openOnline();
  await clock.run(20_000);
  server.accepts = false;
  server.dropAll();
  await clock.run(10);
  const chat = server.addChat([1, 2]);
  server.accepts = true;
  await clock.until(() => tab.state.chats[chat.id] !== undefined);
});

test('too much was missed: the window is fetched anew, an island around its middle', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  server.maxEntries = 10;
  const chat = server.addChat([ME, 2]);
  for (let n = 0; n < 300; n += 1) server.say(chat, 2, `m${n}`);
  const tab = await new Browser(clock, server).openOnline();
  const middle = chat.messages[100];
  tab.engine.openChat(chat.id, middle?.id);
  await clock.run(100);
  server.dropAll();
  for (let n = 0; n < 30; n += 1) server.say(chat, 2, `new${n}`);
  server.edit(chat, middle?.id ?? 0, 'edited while away');
  await clock.until(() => tab.texts(chat.id).includes('edited while away'));
  expect(tab.window(chat.id).hasNewer).toBe(true);
  void tab.engine.jumpToEnd(chat.id);
  await clock.run(100);
  expect(tab.texts(chat.id).at(-1)).toBe('new29');
});

test('removed from the chat on the screen: it stays there until it is left', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2, 3]);
  const tab = await new Browser(clock, server).openOnline();
  tab.engine.openChat(chat.id);
  await clock.run(100);
  server.setMembers(chat, [2, 3]);
  await clock.run(100);
  expect(tab.state.chats[chat.id]?.member).toBe(false);
  server.setMembers(chat, [1, 2, 3]);
  await clock.run(500);
  expect(tab.state.chats[chat.id]?.member).toBe(true);
  server.setMembers(chat, [2, 3]);
  await clock.run(100);
  tab.engine.closeChat();
  expect(tab.state.chats[chat.id]).toBeUndefined();
  expect(tab.state.order).toEqual([]);
});

test('a change of one message leaves the objects of all others as they were', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const [chat, other] = [server.addChat([ME, 2]), server.addChat([ME, 3])];
  const said = [1, 2, 3].map((n) => server.say(chat, ME, `m${n}`));
  const tab = await new Browser(clock, server).openOnline();
  tab.engine.openChat(chat.id);
  await clock.run(100);
  const before = tab.messages(chat.id);
  const untouched = tab.state.chats[other.id];
  server.read(chat, 2, said[0]?.id ?? 0);
  await clock.run(100);
  const after = tab.messages(chat.id);
  expect(after[0]).toMatchObject({ isRead: true });
  expect(after[1]).toBe(before[1]);
  expect(after[2]).toBe(before[2]);
  expect(tab.state.chats[other.id]).toBe(untouched);
});
