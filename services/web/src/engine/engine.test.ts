import { expect, test } from 'vitest';
import { Browser } from './testing/browser.ts';
import { Clock } from './testing/clock.ts';
import { ModelServer } from './testing/server.ts';

function world() {
  const clock = new Clock();
  const server = new ModelServer(clock);
  return { clock, server };
}

test('two people talk, in the same order on both sides', async () => {
  const { clock, server } = world();
  const chat = server.addChat([1, 2]);
  const anna = await new Browser(clock, server, 1).openOnline();
  const boris = await new Browser(clock, server, 2).openOnline();
  for (const tab of [anna, boris]) tab.engine.openChat(chat.id);
  await clock.run(100);
  for (let turn = 0; turn < 5; turn += 1) {
    anna.engine.send(chat.id, `a${turn}`);
    await clock.run(turn % 2 === 0 ? 0 : 50);
    boris.engine.send(chat.id, `b${turn}`);
  }
  await clock.run(1_000);
  expect(anna.texts(chat.id)).toEqual(boris.texts(chat.id));
  expect(anna.texts(chat.id)).toHaveLength(10);
  expect(anna.messages(chat.id).every((message) => message.state === 'sent')).toBe(true);
  expect(server.posts()).toBe(10);
});

test('a message is in the window, and its chat on top, before send returns', async () => {
  const { clock, server } = world();
  const quiet = server.addChat([1, 2]);
  const busy = server.addChat([1, 3]);
  clock.now += 1000;
  server.say(busy, 3, 'later');
  const tab = await new Browser(clock, server).openOnline();
  tab.engine.openChat(quiet.id);
  await clock.run(100);
  expect(tab.state.order).toEqual([busy.id, quiet.id]);
  clock.now += 1000;
  tab.engine.send(quiet.id, ' hi ');
  const [pending] = tab.messages(quiet.id);
  expect(pending).toMatchObject({ text: 'hi', state: 'pending', id: null });
  expect(tab.state.order).toEqual([quiet.id, busy.id]);
  expect(tab.state.chats[quiet.id]?.lastMessage).toBe(pending);
  await clock.run(1000);
  expect(tab.messages(quiet.id)).toHaveLength(1);
  expect(tab.messages(quiet.id)[0]).toMatchObject({ state: 'sent', key: pending?.key });
  expect(tab.state.chats[quiet.id]?.lastMessage?.state).toBe('sent');
});
