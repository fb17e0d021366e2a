import { describe, expect, test } from 'vitest';
import { Browser, type Tab } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { pick, seeded } from './testing/random.ts';
import { problem } from './testing/rest.ts';
import { ModelServer, NO_FAULTS, type Faults } from './testing/server.ts';
import { MAX_WINDOW } from './windows.ts';

async function world(count: number, deleted: (n: number) => boolean = () => false) {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2]);
  for (let n = 0; n < count; n += 1) server.say(chat, 2, `m${n}`);
  for (const [n, message] of [...chat.messages].entries()) if (deleted(n)) server.remove(chat, message.id);
  chat.readUpTo.set(1, chat.messages.at(-1)?.id ?? 0);
  const tab = await new Browser(clock, server).openOnline();
  const visible = () => chat.messages.filter((message) => !message.deleted);
  return { clock, server, chat, tab, visible };
}

/** The window is a run of the visible messages, without a gap. */
function expectContiguous(tab: Tab, chatId: number, visible: { id: number }[]): void {
  const { messages, hasOlder, hasNewer } = tab.window(chatId);
  expect(messages.length).toBeLessThanOrEqual(MAX_WINDOW);
  const ids = messages.map((message) => message.id);
  const from = visible.findIndex((message) => message.id === ids[0]);
  expect(ids).toEqual(visible.slice(from, from + ids.length).map((message) => message.id));
  if (!hasOlder) expect(from).toBe(0);
  if (!hasNewer) expect(from + ids.length).toBe(visible.length);
}

test('from the end to the beginning and back, page by page, nothing is missing', async () => {
  const { clock, chat, tab, visible } = await world(1_000);
  tab.engine.openChat(chat.id);
  await clock.run(50);
  expect(tab.messages(chat.id)).toHaveLength(50);
  const seen = new Set<number>();
  const look = () => {
    expectContiguous(tab, chat.id, visible());
    for (const { id } of tab.messages(chat.id)) seen.add(id ?? 0);
  };
  for (let turn = 0; turn < 60 && tab.window(chat.id).hasOlder; turn += 1) {
    tab.engine.loadOlder(chat.id);
    await clock.run(10);
    look();
  }
  expect(tab.texts(chat.id)[0]).toBe('m0');
  expect(seen.size).toBe(1_000);
  for (let turn = 0; turn < 60 && tab.window(chat.id).hasNewer; turn += 1) {
    tab.engine.loadNewer(chat.id);
    await clock.run(10);
    look();
  }
  expect(tab.texts(chat.id).at(-1)).toBe('m999');
});

test('whole pages of deleted messages are passed over', async () => {
  const { clock, chat, tab, visible } = await world(300, (n) => n > 20 && n < 260);
  tab.engine.openChat(chat.id);
  await clock.run(50);
  expect(tab.messages(chat.id)).toHaveLength(40);
  tab.engine.loadOlder(chat.id);
  await clock.run(50);
  expect(tab.messages(chat.id).length).toBeGreaterThan(40);
  expectContiguous(tab, chat.id, visible());
});

test('a jump makes an island, and the end is a step away', async () => {
  const { clock, server, chat, tab, visible } = await world(500);
  tab.engine.openChat(chat.id);
  await clock.run(50);
  const target = chat.messages[120]?.id ?? 0;
  const found: boolean[] = [];
  void tab.engine.jumpTo(chat.id, target).then((result) => found.push(result));
  await clock.run(50);
  expect(found).toEqual([true]);
  expect(tab.messages(chat.id).some((message) => message.id === target)).toBe(true);
  expect(tab.window(chat.id)).toMatchObject({ hasOlder: true, hasNewer: true });
  expectContiguous(tab, chat.id, visible());
  server.say(chat, 2, 'new');
  await clock.run(50);
  expect(tab.texts(chat.id)).not.toContain('new');
  void tab.engine.jumpToEnd(chat.id);
  expect(tab.texts(chat.id).at(-1)).toBe('new');
  expectContiguous(tab, chat.id, visible());
  void tab.engine.jumpTo(chat.id, 99_999).then((result) => found.push(result));
  await clock.run(50);
  expect(found).toEqual([true, false]);
});

test('a jump arrives although the chat is begun anew on the way', async () => {
  const { clock, server, chat, tab, visible } = await world(500);
  tab.engine.openChat(chat.id);
  await clock.run(50);
  const target = chat.messages[120]?.id ?? 0;
  server.faults = { ...NO_FAULTS, deliveries: () => [] };
  server.say(chat, 2, 'missed');
  const found: boolean[] = [];
  void tab.engine.jumpTo(chat.id, target).then((result) => found.push(result));
  tab.sockets.at(-1)?.push({ type: 'too_long', chat_id: chat.id, version: chat.log.length });
  await clock.run(100);
  expect(found).toEqual([true]);
  expect(tab.messages(chat.id).some((message) => message.id === target)).toBe(true);
  expectContiguous(tab, chat.id, visible());
});

test('much is unread: the window is there where it begins', async () => {
  const { clock, server, chat, tab, visible } = await world(400);
  tab.engine.stop();
  const firstUnread = chat.messages[100];
  chat.readUpTo.set(1, chat.messages[99]?.id ?? 0);
  const fresh = await new Browser(clock, server).openOnline();
  fresh.engine.openChat(chat.id);
  await clock.run(50);
  expect(fresh.window(chat.id)).toMatchObject({ hasOlder: true, hasNewer: true, loading: 'none' });
  expect(fresh.messages(chat.id).findIndex((message) => message.id === firstUnread?.id)).toBeGreaterThan(10);
  expectContiguous(fresh, chat.id, visible());
  fresh.engine.markRead(chat.id, chat.messages[109]?.id ?? 0);
  expect(fresh.state.chats[chat.id]?.unread).toBe(290);
});

test('a page that fails can be asked for again', async () => {
  const { clock, server, chat, tab } = await world(200);
  tab.engine.openChat(chat.id);
  await clock.run(50);
  server.faults = { ...NO_FAULTS, intercept: (_, path) => (path.startsWith('/api/history') ? problem(503) : null) };
  tab.engine.loadOlder(chat.id);
  await clock.run(50);
  expect(tab.window(chat.id)).toMatchObject({ loading: 'none', error: 'older' });
  server.faults = NO_FAULTS;
  tab.engine.loadOlder(chat.id);
  await clock.run(50);
  expect(tab.window(chat.id).error).toBe('none');
  expect(tab.messages(chat.id)).toHaveLength(100);
});

test('a chat that does not exist is not found', async () => {
  const { clock, tab } = await world(1);
  tab.engine.openChat(77);
  await clock.run(100);
  expect(tab.window(77)).toMatchObject({ messages: [], loading: 'none', error: 'not_found' });
});

describe('paging at random while messages come and go', () => {
  test.each(Array.from({ length: 20 }, (_, seed) => seed + 1))('seed %i', async (seed) => {
    const random = seeded(seed);
    const { clock, server, chat, tab, visible } = await world(700, () => random() < 0.2);
    const late: Faults = { ...NO_FAULTS, deliveries: () => [1 + random() * 5] };
    server.faults = late;
    tab.engine.openChat(chat.id);
    await clock.run(20);
    for (let step = 0; step < 80; step += 1) {
      const act = random();
      if (act < 0.3) tab.engine.loadOlder(chat.id);
      else if (act < 0.5) tab.engine.loadNewer(chat.id);
      else if (act < 0.6) void tab.engine.jumpTo(chat.id, pick(random, chat.messages).id);
      else if (act < 0.65) void tab.engine.jumpToEnd(chat.id);
      else if (act < 0.85) server.say(chat, 2, `new ${step}`);
      else if (act < 0.95) server.remove(chat, pick(random, chat.messages).id);
      else tab.engine.send(chat.id, `own ${step}`);
      if (random() < 0.5) {
        await clock.run(100);
        expectContiguous(tab, chat.id, visible());
      }
    }
    tab.engine.stop();
  });
});
