import { expect, test } from 'vitest';
import { Browser } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { ModelServer } from './testing/server.ts';

async function world() {
  const clock = new Clock();
  const server = new ModelServer(clock);
  const chat = server.addChat([1, 2], 'group');
  /** The ids of each call that asked for names. */
  const asked: number[][] = [];
  const tab = await new Browser(clock, server).openOnline({
    fetch: (url, init) => {
      const ids = new URL(url).searchParams.get('ids');
      if (ids !== null) asked.push(ids.split(',').map(Number));
      return server.fetch(1, url, init);
    },
  });
  return { clock, server, chat, tab, asked };
}

const upTo = (last: number) => Array.from({ length: last }, (_, place) => place + 1);

test('the names of many people are asked for a hundred at a time', async () => {
  const { clock, server, chat, tab, asked } = await world();
  server.setMembers(chat, upTo(252));
  await clock.run(200);
  expect(asked.map((ids) => ids.length)).toEqual([100, 100, 50]);
  expect(asked.flat()).toEqual(upTo(252).slice(2));
  expect(tab.state.people[252]?.name).toBe('User 252');
});

test('people who are met one after the other are asked for together, and once', async () => {
  const { clock, server, chat, tab, asked } = await world();
  for (const last of [3, 4, 5]) server.setMembers(chat, upTo(last));
  await clock.run(200);
  server.setMembers(chat, upTo(4));
  await clock.run(200);
  expect(asked).toEqual([[3, 4, 5]]);
  expect(tab.state.people[5]?.name).toBe('User 5');
});

test('a name that could not be had is asked for again when it is needed again', async () => {
  const { clock, server, chat, tab, asked } = await world();
  server.faults = { ...server.faults, intercept: (_method, path) => (path === '/api/users' ? 'unreachable' : null) };
  server.setMembers(chat, upTo(3));
  await clock.run(200);
  expect(tab.state.people[3]).toBeUndefined();
  server.faults = { ...server.faults, intercept: () => null };
  server.setMembers(chat, upTo(4));
  await clock.run(200);
  expect(asked).toEqual([[3], [3, 4]]);
  expect(tab.state.people[3]?.name).toBe('User 3');
});
