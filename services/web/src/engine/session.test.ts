import { expect, test } from 'vitest';
import { Browser } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { problem } from './testing/rest.ts';
import { ModelServer, NO_FAULTS } from './testing/server.ts';

function world() {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2]);
  const browser = new Browser(clock, server);
  return { clock, server, chat, browser };
}

const no = (reason: string | null) => () => problem(401, { reason });

async function databases(browser: Browser): Promise<string[]> {
  return (await browser.indexedDB.databases()).flatMap(({ name }) => name ?? []);
}

test('nobody is signed in: the signed-out page, without a reason', async () => {
  const { clock, server, browser } = world();
  server.faults = { ...NO_FAULTS, intercept: no(null) };
  const tab = browser.open();
  await clock.run(500);
  expect(tab.state).toMatchObject({ phase: 'signed-out', endReason: 'none', unsentLost: 0, me: null });
  expect(tab.sockets).toHaveLength(0);
});

test.each(['logout', 'revoked', 'evicted'] as const)('a session that ends by %s takes all with it', async (reason) => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  const second = await browser.openOnline();
  tab.engine.openChat(chat.id);
  tab.engine.changeSettings({ theme: 'dark', textSize: 20 });
  server.faults = { ...NO_FAULTS, intercept: (method) => (method === 'POST' ? 'unreachable' : null) };
  tab.engine.send(chat.id, 'lost');
  await clock.run(2_000);
  expect(await databases(browser)).toEqual(['messenger-1']);
  // One tab hears it from the server, the other one from the first.
  tab.socket.drop(4401, reason);
  await clock.run(200);
  for (const one of [tab, second]) {
    expect(one.state).toMatchObject({ phase: 'signed-out', endReason: reason, unsentLost: 1, chats: {}, me: null });
  }
  expect(await databases(browser)).toEqual([]);
  expect([...browser.caches]).toEqual([]);
  expect([...browser.localStorage.values]).toEqual([
    ['messenger.settings', expect.stringContaining('"theme":"dark"') as string],
  ]);
  expect(tab.state.settings).toMatchObject({ theme: 'dark', textSize: 15 });
  const requests = server.requests.length;
  await clock.run(120_000);
  expect(server.requests).toHaveLength(requests);
});

test('a token that expired while asleep is renewed, and the session goes on', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  tab.engine.openChat(chat.id);
  tab.socket.drop(4401, 'expired');
  server.say(chat, 2, 'meanwhile');
  await clock.until(() => tab.state.connection === 'online' && tab.texts(chat.id).length === 1);
  expect(server.requests.filter((request) => request === 'POST /auth/refresh')).toHaveLength(1);
  server.faults = { ...NO_FAULTS, intercept: (_, path) => (path === '/auth/refresh' ? no('expired')() : null) };
  tab.socket.drop(4401, 'expired');
  await clock.run(500);
  expect(tab.state).toMatchObject({ phase: 'signed-out', endReason: 'expired' });
});

test('all who are refused at once share one refresh, and are obeyed then', async () => {
  const { clock, server, browser } = world();
  const tab = await browser.openOnline();
  let isFresh = false;
  const intercept = (_: string, path: string) => {
    if (path === '/auth/refresh') isFresh = true;
    return isFresh || path.startsWith('/auth') ? null : problem(401);
  };
  server.faults = { ...NO_FAULTS, intercept };
  let answers = 0;
  for (let n = 0; n < 5; n += 1) void tab.engine.searchPeople('x').then(() => (answers += 1));
  void tab.engine.loadParticipants(1).then(() => (answers += 1));
  await clock.run(500);
  expect(server.requests.filter((request) => request === 'POST /auth/refresh')).toHaveLength(1);
  expect(answers).toBe(6);
});

test('logging out ends the session here, and the other tabs follow', async () => {
  const { clock, server, browser } = world();
  const [tab, second] = [await browser.openOnline(), await browser.openOnline()];
  void tab.engine.logout();
  await clock.run(500);
  expect(server.requests).toContain('POST /auth/logout');
  for (const one of [tab, second]) expect(one.state).toMatchObject({ phase: 'signed-out', endReason: 'logout' });
});

test('offline, what was kept is painted', async () => {
  const { clock, server, chat, browser } = world();
  server.say(chat, 2, 'hi');
  const tab = await browser.openOnline();
  tab.engine.openChat(chat.id);
  tab.engine.setDraft(chat.id, { text: 'half a sen' });
  await clock.run(3_000);
  browser.close(tab);
  browser.setOnline(false);
  const again = browser.open();
  await clock.run(100);
  expect(again.state).toMatchObject({ phase: 'ready', connection: 'offline', me: { id: 1 }, order: [chat.id] });
  expect(again.state.people[2]?.name).toBe('User 2');
  expect(again.state.drafts[chat.id]?.text).toBe('half a sen');
  again.engine.openChat(chat.id);
  await clock.run(50);
  expect(again.window(chat.id)).toMatchObject({ loading: 'none', error: 'none' });
  expect(again.texts(chat.id)).toEqual(['hi']);
});

test('a chat that is opened before the cache has been read is shown from it', async () => {
  const { clock, server, chat, browser } = world();
  for (let n = 0; n < 70; n += 1) server.say(chat, 2, `m${n}`);
  const tab = await browser.openOnline();
  void tab.engine.jumpToEnd(chat.id);
  await clock.run(3_000);
  browser.close(tab);
  browser.setOnline(false);
  const again = browser.open();
  again.engine.openChat(chat.id);
  expect(again.window(chat.id).loading).toBe('open');
  await clock.run(100);
  expect(again.texts(chat.id).at(-1)).toBe('m69');
  browser.setOnline(true);
  await clock.until(() => again.state.connection === 'online');
  expect(again.window(chat.id)).toMatchObject({ loading: 'none', error: 'none' });
});

test('a chat that is opened before it is known who we are takes us for nobody else', async () => {
  const { clock, server, chat, browser } = world();
  const said = server.say(chat, 1, 'mine');
  server.read(chat, 2, said.id);
  const tab = browser.open();
  tab.engine.openChat(chat.id, said.id);
  await clock.until(() => tab.state.connection === 'online');
  expect(tab.texts(chat.id)).toEqual(['mine']);
  expect(Object.keys(tab.state.readBy[chat.id] ?? {})).toEqual(['2']);
});

test('without anything kept and without a network the start fails, and can be tried again', async () => {
  const { clock, browser } = world();
  browser.isOnline = false;
  const tab = browser.open();
  await clock.run(100);
  expect(tab.state.phase).toBe('failed');
  browser.isOnline = true;
  tab.engine.retryStart();
  await clock.until(() => tab.state.connection === 'online');
  expect(tab.state.phase).toBe('ready');
});

test('somebody else has signed in with this browser: nothing of the first is left or sent', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  tab.engine.openChat(chat.id);
  server.faults = { ...NO_FAULTS, intercept: (method) => (method === 'POST' ? 'unreachable' : null) };
  tab.engine.send(chat.id, 'from the first');
  await clock.run(1_500);
  browser.userId = 2;
  server.faults = NO_FAULTS;
  browser.close(tab);
  const second = await browser.openOnline();
  await clock.run(5_000);
  expect(second.state.me?.id).toBe(2);
  expect(second.engine.unsent()).toEqual([]);
  expect(chat.messages).toEqual([]);
  expect(await databases(browser)).toEqual(['messenger-2']);
});
