import { expect, test } from 'vitest';
import { backoff } from './backoff.ts';
import { Browser } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { seeded } from './testing/random.ts';
import { ModelServer, NO_FAULTS } from './testing/server.ts';

function world(random?: () => number) {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2]);
  const browser = new Browser(clock, server, 1, random);
  return { clock, server, chat, browser };
}

test('waits lie between 0.3 s and a limit that doubles up to 30 s', () => {
  const random = seeded(3);
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const waits = Array.from({ length: 200 }, () => backoff(attempt, random));
    const limit = Math.min(30_000, 300 * 2 ** (attempt + 1));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(300);
    expect(Math.max(...waits)).toBeLessThanOrEqual(limit);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan((limit - 300) / 2);
  }
});

test('a lost socket is opened again, ever more rarely, and at once when the network is back', async () => {
  const { clock, server, browser } = world(seeded(5));
  const tab = await browser.openOnline();
  server.accepts = false;
  server.dropAll();
  await clock.run(10);
  expect(tab.state.connection).toBe('connecting');
  expect(tab.state.awaySince).toBeGreaterThan(0);
  await clock.run(600_000);
  const tries = tab.sockets.length;
  expect(tries).toBeGreaterThan(15);
  expect(tries).toBeLessThan(100);
  server.accepts = true;
  tab.fire('online');
  await clock.run(50);
  expect(tab.state).toMatchObject({ connection: 'online', awaySince: 0 });
});

test('a socket that does not answer a ping is given up', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  const dead = tab.socket;
  dead.send = () => undefined;
  server.sockets.delete(dead);
  server.say(chat, 2, 'unheard');
  await clock.run(45_000);
  expect(tab.socket).not.toBe(dead);
  expect(tab.state.chats[chat.id]?.unread).toBe(1);
});

test('after sleep a dead socket is found out within seconds', async () => {
  const { clock, server, browser } = world();
  const tab = await browser.openOnline();
  const dead = tab.socket;
  dead.send = () => undefined;
  server.sockets.delete(dead);
  tab.fire('wake');
  await clock.run(6_000);
  expect(tab.socket).not.toBe(dead);
  expect(tab.state.connection).toBe('online');
});

test('before the token expires a second socket takes over, and no frame is lost or doubled', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  tab.engine.openChat(chat.id);
  await clock.run(100);
  const seen: string[] = [];
  tab.engine.store.subscribe(({ connection }) => seen.push(connection));
  const first = tab.socket;
  first.push({ type: 'reauth_required', in_s: 60 });
  for (let n = 0; n < 20; n += 1) {
    server.say(chat, 2, `m${n}`);
    await clock.run(1);
  }
  await clock.run(500);
  expect(tab.sockets).toHaveLength(2);
  expect(first.isOpen).toBe(false);
  expect(new Set(seen)).toEqual(new Set(['online']));
  expect(tab.texts(chat.id)).toEqual(Array.from({ length: 20 }, (_, n) => `m${n}`));
  expect(tab.state.chats[chat.id]?.unread).toBe(20);
  server.say(chat, 2, 'over the second');
  await clock.run(10);
  expect(tab.texts(chat.id)).toHaveLength(21);
});

test('the first socket goes on while the token cannot be renewed', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  const intercept = (_: string, path: string) => (path === '/auth/refresh' ? ('unreachable' as const) : null);
  server.faults = { ...NO_FAULTS, intercept };
  tab.socket.push({ type: 'reauth_required', in_s: 60 });
  await clock.run(5_000);
  expect(tab.sockets).toHaveLength(1);
  server.say(chat, 2, 'hi');
  await clock.run(10);
  expect(tab.state.chats[chat.id]?.unread).toBe(1);
  server.faults = NO_FAULTS;
  await clock.run(5_000);
  expect(tab.sockets).toHaveLength(2);
  expect(tab.state.connection).toBe('online');
});

test('typing is told every 3 s at most, and forgotten after 6 s', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  const told = () => tab.socket.received.filter((frame) => frame.type === 'typing').length;
  for (let n = 0; n < 40; n += 1) {
    tab.engine.typing(chat.id);
    await clock.run(100);
  }
  expect(told()).toBe(2);
  server.tell(1, { type: 'typing', chat_id: chat.id, user_id: 2 });
  await clock.run(5_000);
  expect(tab.state.typing[chat.id]?.[2]).toBeGreaterThan(clock.now);
  await clock.run(1_500);
  expect(tab.state.typing).toEqual({});
});

test('a read mark that got lost is told again after the connection is back', async () => {
  const { clock, server, chat, browser } = world();
  const tab = await browser.openOnline();
  const said = server.say(chat, 2, 'hi');
  await clock.run(100);
  browser.setOnline(false);
  tab.engine.markRead(chat.id, said.id);
  expect(tab.state.chats[chat.id]?.unread).toBe(0);
  await clock.run(2_000);
  expect(chat.readUpTo.get(1)).toBeUndefined();
  browser.setOnline(true);
  await clock.run(3_000);
  expect(chat.readUpTo.get(1)).toBe(said.id);
  expect(tab.state.chats[chat.id]?.unread).toBe(0);
});
