import { talkingPair } from './support/company.ts';
import { Messenger } from './support/messenger.ts';
import { Network } from './support/network.ts';
import { expect, test } from './support/test.ts';
import { keepsPage } from './support/worker.ts';

const OFFLINE = 'You are offline. Messages will be sent later.';
const words = (count: number, from = 'Offline') => Array.from({ length: count }, (_, at) => `${from} ${at + 1}`);

test.describe('with its service worker', () => {
  test.use({ serviceWorkers: 'allow' });

  test('what is written offline outlives a reload, and is sent once and in order', async ({ people }) => {
    const { anna, boris, chatId } = await talkingPair(people);
    await boris.messenger.send('Before');
    await expect(anna.messenger.message('Before')).toBeVisible();
    await keepsPage(anna.messenger.page);
    const network = await Network.of(anna.messenger.page);
    await anna.messenger.goTo(chatId);
    await anna.messenger.online();

    await network.cut();
    await expect(anna.messenger.page.getByText(OFFLINE)).toBeVisible();
    for (const text of words(5)) await anna.messenger.send(text);
    for (const text of words(5)) await anna.messenger.expectTick(text, 'Sending');
    await anna.messenger.page.reload();
    await anna.messenger.expectTexts(['Before', ...words(5)]);
    for (const text of words(5)) await anna.messenger.expectTick(text, 'Sending');
    await boris.messenger.send('Meanwhile');

    await network.mend();
    for (const text of words(5)) await anna.messenger.expectTick(text, 'Read');
    const texts = ['Before', 'Meanwhile', ...words(5)];
    await anna.messenger.expectTexts(texts);
    await boris.messenger.expectTexts(texts);
    expect(await boris.messenger.api.texts(chatId)).toEqual(texts);
    await expect(anna.messenger.page.getByText(OFFLINE)).toBeHidden();
  });
});

test('two tabs write offline, one of them is closed: everything is sent once', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const network = await Network.of(anna.messenger.page);
  const second = new Messenger(await anna.messenger.page.context().newPage());
  const tabs = [anna.messenger, second];
  await Promise.all(tabs.map((tab) => tab.goTo(chatId)));
  await Promise.all(tabs.map((tab) => tab.online()));

  await network.cut();
  for (let number = 1; number <= 3; number++) {
    await anna.messenger.send(`First tab ${number}`);
    await second.send(`Second tab ${number}`);
  }
  await expect(anna.messenger.message('Second tab 3')).toBeVisible();
  await second.page.close();
  await network.mend();

  await expect.poll(() => boris.messenger.api.texts(chatId)).toHaveLength(6);
  const texts = await boris.messenger.api.texts(chatId);
  for (const tab of ['First tab', 'Second tab']) expect(texts.filter((text) => text.startsWith(tab))).toEqual(words(3, tab));
  await boris.messenger.expectTexts(texts);
  await anna.messenger.expectTexts(texts);
  for (const text of texts) await anna.messenger.expectTick(text, 'Read');
});

test('a chat that was opened before is there without a network', async ({ people }) => {
  const { anna, boris } = await talkingPair(people);
  await boris.messenger.send('Keep this');
  await expect(anna.messenger.message('Keep this')).toBeVisible();
  await anna.messenger.page.getByRole('link', { name: new RegExp(boris.name) }).press('Escape');
  await anna.messenger.page.context().setOffline(true);
  await anna.messenger.openChat(boris.name);
  await anna.messenger.expectTexts(['Keep this']);
});
