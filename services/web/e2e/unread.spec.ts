import { pair, type Pair } from './support/company.ts';
import { expect, test } from './support/test.ts';

const NEW = 30;

/** Boris has written: three messages that Anna has read, and thirty that she has not. Anna looks at her list. */
async function behind({ anna, boris, chatId }: Pair): Promise<void> {
  for (const text of ['Old 1', 'Old 2', 'Old 3']) await boris.messenger.api.send(chatId, text);
  const last = (await anna.messenger.api.history(chatId)).at(-1);
  await anna.messenger.api.read(chatId, last?.id ?? 0);
  for (let number = 1; number <= NEW; number++) await boris.messenger.api.send(chatId, `New ${number}`);
  await expect(anna.messenger.row(boris.name)).toHaveAccessibleName(/30 unread/);
}

test('unread messages are counted in the list and in the title, and the chat opens where they begin', async ({ people }) => {
  const two = await pair(people);
  const { messenger } = two.anna;
  await behind(two);
  await expect(messenger.page).toHaveTitle(/^\(30\)/);

  await messenger.openChat(two.boris.name);
  await expect(messenger.divider).toBeInViewport();
  await messenger.expectOnScreen(messenger.message('Old 3'));
  await messenger.expectOnScreen(messenger.message('New 1'));
  await expect(messenger.message('New 30')).not.toBeInViewport();
  const [above, divider, below] = await Promise.all(
    [messenger.message('Old 3'), messenger.divider, messenger.message('New 1')].map(async (row) => (await row.boundingBox())?.y ?? 0),
  );
  expect(above).toBeLessThan(divider ?? 0);
  expect(divider).toBeLessThan(below ?? 0);
});

test('what arrives while one reads further up moves nothing, is counted, and leaves the divider where it is', async ({ people }) => {
  const two = await pair(people);
  const { messenger } = two.anna;
  await behind(two);
  await messenger.openChat(two.boris.name);
  await messenger.expectOnScreen(messenger.message('New 1'));
  const count = async () => Number(/\d+/.exec((await messenger.jump.getAttribute('aria-label')) ?? '')?.[0] ?? 0);
  await expect(messenger.jump).toHaveAccessibleName(/Jump to \d+ new messages/);
  // Those on the screen are read after a moment; then the number stands.
  await expect.poll(async () => (await messenger.api.chat(two.chatId)).unread_count).toBeLessThan(NEW);
  await expect.poll(async () => (await messenger.api.chat(two.chatId)).unread_count === (await count())).toBe(true);
  const before = await count();
  const y = (await messenger.message('New 1').boundingBox())?.y;

  await two.boris.messenger.api.send(two.chatId, 'New 31');
  await expect.poll(count).toBe(before + 1);
  expect((await messenger.message('New 1').boundingBox())?.y).toBe(y);
  await expect(messenger.row(two.boris.name)).toHaveAccessibleName(new RegExp(`${before + 1} unread`));

  await expect(async () => {
    await messenger.jump.click({ timeout: 1_000 });
    await messenger.expectOnScreen(messenger.message('New 31'));
  }).toPass();
  await expect(messenger.row(two.boris.name)).not.toHaveAccessibleName(/unread/);
  await expect.poll(async () => (await messenger.api.chat(two.chatId)).unread_count).toBe(0);
  await expect(messenger.page).toHaveTitle(/^[^(]/);
  await expect(messenger.divider).toBeAttached();
  expect(await messenger.textAfter(messenger.divider)).toBe('New 1');

  await messenger.page.goto('/');
  await messenger.openChat(two.boris.name);
  await messenger.expectOnScreen(messenger.message('New 31'));
  await expect(messenger.divider).toHaveCount(0);
});

test('an own message takes the divider away', async ({ people }) => {
  const two = await pair(people);
  const { messenger } = two.anna;
  await behind(two);
  await messenger.openChat(two.boris.name);
  await expect(messenger.divider).toBeInViewport();
  await messenger.send('I have read all of it');
  await messenger.expectOnScreen(messenger.message('I have read all of it'));
  await expect(messenger.divider).toHaveCount(0);
  await expect(messenger.row(two.boris.name)).not.toHaveAccessibleName(/unread/);
});
