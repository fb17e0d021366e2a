import { talkingPair } from './support/company.ts';
import { expect, test } from './support/test.ts';

test('what two people write stands in the same order on both screens and at the server', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const texts: string[] = [];
  for (let number = 1; number <= 20; number++) {
    const [writer, reader] = number % 3 === 0 ? [boris, anna] : [anna, boris];
    const text = `${writer.name} says ${number}`;
    texts.push(text);
    await writer.messenger.send(text);
    await expect(reader.messenger.message(text)).toBeVisible({ timeout: 2_000 });
  }
  await anna.messenger.expectTexts(texts);
  await boris.messenger.expectTexts(texts);
  expect(await anna.messenger.api.texts(chatId)).toEqual(texts);
});

test('what is written at the same moment is in one order everywhere', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const say = async ({ messenger, name }: typeof anna) => {
    for (let number = 1; number <= 10; number++) await messenger.send(`${name} ${number}`);
  };
  await Promise.all([say(anna), say(boris)]);
  await expect.poll(() => anna.messenger.api.texts(chatId)).toHaveLength(20);
  const texts = await anna.messenger.api.texts(chatId);
  await anna.messenger.expectTexts(texts);
  await boris.messenger.expectTexts(texts);
  for (const { name } of [anna, boris]) {
    const own = texts.filter((text) => text.startsWith(name));
    expect(own).toEqual(Array.from({ length: 10 }, (_, at) => `${name} ${at + 1}`));
  }
});

test('a first message of a stranger brings the chat into the list', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  await anna.messenger.page.goto('/');
  await anna.messenger.online();
  await expect(anna.messenger.row(boris.name)).toContainText('No messages yet');
  await boris.messenger.send('Is anybody there?');
  await expect(anna.messenger.row(boris.name)).toHaveAccessibleName(/1 unread.*Is anybody there\?/);
  await anna.messenger.openChat(boris.name);
  await expect(anna.messenger.page).toHaveURL(`/c/${chatId}`);
  await anna.messenger.expectTexts(['Is anybody there?']);
});

test('typing is told within a second, ends by itself, and moves nothing', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  await boris.messenger.api.send(chatId, 'Something to look at');
  await expect(anna.messenger.message('Something to look at')).toBeVisible();
  const place = () => anna.messenger.log.evaluate((log) => [log.getBoundingClientRect().top, log.clientHeight, log.scrollHeight]);
  const before = await place();
  const header = anna.messenger.main.locator('header');

  await boris.messenger.composer.pressSequentially('Hm');
  await expect(header).toContainText('typing', { timeout: 1_000 });
  await expect(anna.messenger.row(boris.name)).toContainText('typing', { timeout: 500 });
  expect(await place()).toEqual(before);
  await expect(header).not.toContainText('typing', { timeout: 7_000 });
  expect(await place()).toEqual(before);

  await boris.messenger.composer.pressSequentially(' well');
  await expect(header).toContainText('typing', { timeout: 4_000 });
  await boris.messenger.composer.press('Enter');
  await expect(anna.messenger.message('Hm well')).toBeVisible();
  await expect(header).not.toContainText('typing', { timeout: 500 });
});
