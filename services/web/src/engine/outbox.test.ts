import { expect, test } from 'vitest';
import { Browser, type Tab } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { seeded } from './testing/random.ts';
import { problem } from './testing/rest.ts';
import { ModelServer, NO_FAULTS } from './testing/server.ts';

async function world() {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2]);
  const other = server.addChat([1, 3]);
  const browser = new Browser(clock, server);
  const tab = await browser.openOnline();
  tab.engine.openChat(chat.id);
  await clock.run(100);
  return { clock, server, chat, other, browser, tab };
}

function states(tab: Tab, chatId: number): string[] {
  return tab.messages(chatId).map((message) => `${message.text} ${message.state}`);
}

test('answers are lost and every message is stored once, in order', async () => {
  const { clock, server, chat, tab } = await world();
  const random = seeded(7);
  server.faults = { ...NO_FAULTS, deliveries: () => [], losesAnswer: () => random() < 0.5 };
  const texts = Array.from({ length: 12 }, (_, n) => `m${n}`);
  for (const text of texts) {
    tab.engine.send(chat.id, text);
    await clock.run(20);
  }
  await clock.until(() => tab.engine.unsent().length === 0, 600_000);
  expect(chat.messages.map((message) => message.text)).toEqual(texts);
  expect(tab.texts(chat.id)).toEqual(texts);
  expect(server.posts()).toBeGreaterThan(12);
});

test('an echo that overtakes the answer is the receipt', async () => {
  const { clock, server, chat, tab } = await world();
  server.faults = { ...NO_FAULTS, losesAnswer: () => true };
  tab.engine.send(chat.id, 'hi');
  const key = tab.messages(chat.id)[0]?.key;
  await clock.run(200);
  expect(tab.messages(chat.id)).toMatchObject([{ key, state: 'sent', clientId: key }]);
  const posts = server.posts();
  await clock.run(60_000);
  expect(server.posts()).toBe(posts);
});

test('offline messages survive a reload and go out once, in order', async () => {
  const { clock, chat, browser, tab } = await world();
  await clock.run(2_000);
  browser.setOnline(false);
  for (const text of ['one', 'two', 'three']) tab.engine.send(chat.id, text);
  await clock.run(50);
  expect(states(tab, chat.id)).toEqual(['one pending', 'two pending', 'three pending']);
  browser.close(tab);
  const reloaded = browser.open();
  await clock.run(200);
  expect(reloaded.state.phase).toBe('ready');
  reloaded.engine.openChat(chat.id);
  await clock.run(500);
  expect(states(reloaded, chat.id)).toEqual(['one pending', 'two pending', 'three pending']);
  expect(reloaded.state.chats[chat.id]?.lastMessage?.text).toBe('three');
  browser.setOnline(true);
  await clock.until(() => reloaded.engine.unsent().length === 0);
  expect(chat.messages.map((message) => message.text)).toEqual(['one', 'two', 'three']);
  await clock.run(1_000);
  expect(states(reloaded, chat.id)).toEqual(['one sent', 'two sent', 'three sent']);
});

test('a refused message blocks its chat alone, until it is discarded', async () => {
  const { clock, server, chat, other, tab } = await world();
  const path = `/api/chats/${chat.id}/messages`;
  let refuses = true;
  const intercept = (method: string, asked: string) =>
    method === 'POST' && asked === path && refuses ? problem(422) : null;
  server.faults = { ...NO_FAULTS, intercept };
  tab.engine.send(chat.id, 'bad');
  await clock.run(100);
  refuses = false;
  tab.engine.send(chat.id, 'good');
  tab.engine.send(other.id, 'elsewhere');
  await clock.run(5_000);
  expect(states(tab, chat.id)).toEqual(['bad failed', 'good pending']);
  expect(tab.messages(chat.id)[0]?.refusal).toEqual({ code: '422', detail: 'As the test wants it.' });
  expect(other.messages).toHaveLength(1);
  tab.engine.discard(chat.id, tab.messages(chat.id)[0]?.key ?? '');
  await clock.run(1_000);
  expect(states(tab, chat.id)).toEqual(['good sent']);
});

test('a failed message is sent again with the same client id', async () => {
  const { clock, server, chat, tab } = await world();
  server.faults = { ...NO_FAULTS, intercept: (method) => (method === 'POST' ? problem(403) : null) };
  tab.engine.send(chat.id, 'hi');
  await clock.run(100);
  const key = tab.messages(chat.id)[0]?.key ?? '';
  server.faults = NO_FAULTS;
  tab.engine.retry(chat.id, key);
  await clock.run(100);
  expect(tab.messages(chat.id)).toMatchObject([{ key, state: 'sent' }]);
  expect(chat.messages[0]?.client_id).toBe(key);
});

test('"too fast" pauses sending for as long as the server says', async () => {
  const { clock, server, chat, tab } = await world();
  let left = 1;
  const intercept = (method: string, path: string) =>
    method === 'POST' && path.endsWith('/messages') && left-- > 0 ? problem(429, {}, { 'Retry-After': '7' }) : null;
  server.faults = { ...NO_FAULTS, intercept };
  tab.engine.send(chat.id, 'hi');
  await clock.run(100);
  const { pausedUntil } = tab.state;
  expect(pausedUntil).toBeGreaterThan(clock.now + 6_000);
  tab.engine.send(chat.id, 'and more');
  await clock.run(6_000);
  expect(chat.messages).toHaveLength(0);
  await clock.run(2_000);
  expect(tab.state.pausedUntil).toBe(0);
  expect(chat.messages.map((message) => message.text)).toEqual(['hi', 'and more']);
});

test('unknown results are tried again for ever, ever more rarely', async () => {
  const { clock, server, chat, tab } = await world();
  server.faults = { ...NO_FAULTS, intercept: (method) => (method === 'POST' ? problem(503) : null) };
  tab.engine.send(chat.id, 'hi');
  await clock.run(10_000);
  const soon = server.posts();
  expect(soon).toBeGreaterThan(3);
  await clock.run(600_000);
  expect(server.posts() - soon).toBeLessThan(60);
  expect(tab.messages(chat.id)[0]?.state).toBe('pending');
  server.faults = NO_FAULTS;
  tab.engine.stop();
});

test('two tabs share one outbox: both show it, and all is delivered once', async () => {
  const { clock, server, chat, browser, tab } = await world();
  const second = await browser.openOnline();
  second.engine.openChat(chat.id);
  await clock.run(1_500);
  browser.setOnline(false);
  tab.engine.send(chat.id, 'from the first');
  await clock.run(20);
  second.engine.send(chat.id, 'from the second');
  await clock.run(50);
  const both = ['from the first pending', 'from the second pending'];
  expect(states(tab, chat.id)).toEqual(both);
  expect(states(second, chat.id)).toEqual(both);
  browser.close(tab);
  browser.setOnline(true);
  await clock.until(() => second.engine.unsent().length === 0);
  await clock.run(1_000);
  expect(chat.messages.map((message) => message.text)).toEqual(['from the first', 'from the second']);
  expect(states(second, chat.id)).toEqual(['from the first sent', 'from the second sent']);
  expect(server.posts()).toBe(2);
});

test('what is sent in the moment its tab closes is known to the other at once, which sends it', async () => {
  const { clock, chat, browser, tab } = await world();
  const second = await browser.openOnline();
  second.engine.openChat(chat.id);
  await clock.run(1_500);
  tab.engine.send(chat.id, 'and good night');
  browser.close(tab);
  await clock.run(50);
  expect(states(second, chat.id)).toEqual(['and good night pending']);
  await clock.until(() => second.engine.unsent().length === 0);
  expect(chat.messages.map((message) => message.text)).toEqual(['and good night']);
});

test('what is read, drafted and set in one tab is so in the other', async () => {
  const { clock, server, chat, other, browser, tab } = await world();
  const said = server.say(chat, 2, 'hi');
  const second = await browser.openOnline();
  await clock.run(100);
  expect(second.state.chats[chat.id]?.unread).toBe(1);
  tab.engine.markRead(chat.id, said.id);
  tab.engine.setDraft(chat.id, { text: 'draft' });
  tab.engine.changeSettings({ theme: 'dark' });
  await clock.run(400);
  expect(second.state.chats[chat.id]?.unread).toBe(0);
  expect(second.state.drafts[chat.id]?.text).toBe('draft');
  expect(second.state.settings.theme).toBe('dark');
  expect(chat.readUpTo.get(1)).toBe(said.id);
  // Where one is writing, the other tab's draft does not go.
  second.engine.openChat(other.id);
  second.engine.setDraft(other.id, { text: 'mine' });
  await clock.run(400);
  tab.engine.setDraft(other.id, { text: 'theirs' });
  await clock.run(400);
  expect(second.state.drafts[other.id]?.text).toBe('mine');
});

test('without IndexedDB messages are sent all the same', async () => {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2]);
  const tab = await new Browser(clock, server).openOnline({ indexedDB: null, localStorage: null });
  expect(tab.state.storage).toBe(false);
  tab.engine.openChat(chat.id);
  tab.engine.send(chat.id, 'hi');
  await clock.run(500);
  expect(states(tab, chat.id)).toEqual(['hi sent']);
});
