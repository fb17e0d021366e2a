import type { Page } from '@playwright/test';
import { talkingPair } from './support/company.ts';
import { Messenger } from './support/messenger.ts';
import { Network } from './support/network.ts';
import { PUBLIC_URL } from './support/stack.ts';
import { expect, test } from './support/test.ts';

const COUNT = 10;
/** Every fifth frame of twenty breaks a socket, and each time two seconds may pass. */
const WHOLE_MS = 20_000;
const texts = (name: string) => Array.from({ length: COUNT }, (_, at) => `${name} ${at + 1}`);

/** Lose 40 % of what is sent over HTTP: the answer after the server has acted on it, or the request itself. */
async function loseAnswers(page: Page): Promise<{ asked: number; acted: number }> {
  const count = { asked: 0, acted: 0 };
  await page.route('**/api/chats/*/messages', async (route) => {
    const number = count.asked++ % 5;
    if (number === 1) {
      await route.abort('connectionreset');
      return;
    }
    const response = await route.fetch({ headers: { ...route.request().headers(), origin: PUBLIC_URL } });
    count.acted += 1;
    if (number === 3) await route.abort('connectionreset');
    else await route.fulfill({ response });
  });
  return count;
}

test('without a socket and with lost answers, each message is in the chat once', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const network = await Network.of(anna.messenger.page);
  network.watch = () => 'drop';
  const count = await loseAnswers(anna.messenger.page);
  await anna.messenger.goTo(chatId);
  for (const text of texts('Anna')) await anna.messenger.send(text);
  await expect(anna.messenger.log.getByRole('img', { name: /^(Sent|Read)$/ })).toHaveCount(COUNT);
  expect(count.acted).toBeGreaterThan(COUNT);
  expect(await boris.messenger.api.texts(chatId)).toEqual(texts('Anna'));
  await boris.messenger.expectTexts(texts('Anna'));

  network.watch = () => 'pass';
  await network.closeSockets();
  for (const text of texts('Anna')) await anna.messenger.expectTick(text, 'Read');
  await anna.messenger.expectTexts(texts('Anna'));
});

test('with lost answers and sockets that break all the time, two see the same chat as the server', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  for (const [at, { messenger }] of [anna, boris].entries()) {
    const network = await Network.of(messenger.page);
    let frames = at;
    network.watch = ({ type }) => {
      if (type !== 'message') return 'pass';
      frames += 1;
      return frames % 5 === 0 ? 'break' : 'pass';
    };
    await loseAnswers(messenger.page);
    await messenger.goTo(chatId);
    await messenger.online();
  }
  const say = async ({ messenger, name }: typeof anna) => {
    for (const text of texts(name)) await messenger.send(text);
  };
  await Promise.all([say(anna), say(boris)]);
  await expect.poll(() => anna.messenger.api.texts(chatId), { timeout: 20_000 }).toHaveLength(2 * COUNT);
  const all = await anna.messenger.api.texts(chatId);
  for (const { name } of [anna, boris]) expect(all.filter((text) => text.startsWith(name))).toEqual(texts(name));
  for (const { messenger } of [anna, boris]) await messenger.expectTexts(all, WHOLE_MS);
  await expect(anna.messenger.log.getByRole('img', { name: 'Sending' })).toHaveCount(0);
});

/** Press Enter in the composer, and in the same moment let the page go. */
async function sendAndReload(page: Page): Promise<void> {
  const loaded = page.waitForEvent('load');
  await page.evaluate(() => {
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    window.location.reload();
  });
  await loaded;
}

test('what is sent in the moment the page goes is sent once', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const { page } = anna.messenger;
  // No request gets out of the old page: the new one has it from the disk alone.
  await page.route('**/api/chats/*/messages', (route) => route.abort());
  await anna.messenger.composer.fill('From the disk');
  await sendAndReload(page);
  await expect(anna.messenger.message('From the disk')).toBeAttached();
  await page.unroute('**/api/chats/*/messages');
  await anna.messenger.expectTick('From the disk', 'Read');

  await anna.messenger.composer.fill('From either page');
  await sendAndReload(page);
  await anna.messenger.expectTick('From either page', 'Read');

  await anna.messenger.composer.fill('From a closed tab');
  await anna.messenger.composer.press('Enter');
  const next = new Messenger(await page.context().newPage());
  await page.close();
  await next.goTo(chatId);
  await next.expectTick('From a closed tab', 'Read');

  const texts = ['From the disk', 'From either page', 'From a closed tab'];
  await next.expectTexts(texts);
  await boris.messenger.expectTexts(texts);
  expect(await boris.messenger.api.texts(chatId)).toEqual(texts);
});

test('what the server refuses is marked; what follows it in its chat waits, other chats go on', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const elsewhere = await anna.messenger.api.group('Elsewhere', [boris.id]);
  await anna.messenger.page.route('**/api/chats/*/messages', (route) => {
    if (!route.request().postData()?.includes('refused')) return route.continue();
    const problem = { type: 'about:blank', title: 'Conflict', status: 409, detail: 'Not this one.' };
    return route.fulfill({ status: 409, contentType: 'application/problem+json', json: problem });
  });
  await anna.messenger.send('To be refused');
  await anna.messenger.expectTick('To be refused', 'Not sent');
  await expect(anna.messenger.message('To be refused')).toContainText('Not this one.');
  await anna.messenger.send('After it');
  await anna.messenger.openChat('Elsewhere');
  await anna.messenger.send('Elsewhere all is well');
  await anna.messenger.expectTick('Elsewhere all is well', 'Sent');
  expect(await boris.messenger.api.texts(elsewhere)).toEqual(['Elsewhere all is well']);
  await anna.messenger.openChat(boris.name);
  await anna.messenger.expectTick('After it', 'Sending');

  await anna.messenger.page.unroute('**/api/chats/*/messages');
  await anna.messenger.choose('To be refused', 'Try again');
  await boris.messenger.expectTexts(['To be refused', 'After it']);
  await anna.messenger.expectTexts(['To be refused', 'After it']);
  expect(await anna.messenger.api.texts(chatId)).toEqual(['To be refused', 'After it']);
});
