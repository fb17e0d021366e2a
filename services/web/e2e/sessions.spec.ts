import type { Page } from '@playwright/test';
import { guest, pair, talkingPair } from './support/company.ts';
import { Messenger } from './support/messenger.ts';
import { Network } from './support/network.ts';
import { PUBLIC_URL } from './support/stack.ts';
import { kept } from './support/storage.ts';
import { expect, test, type Account, type People } from './support/test.ts';

const MOBILE = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36';
const AT_ONCE = { timeout: 2_000 };

const signIn = (page: Page) => page.getByRole('link', { name: 'Sign in' });

/** The page says why nobody is signed in, and nothing of before is left in it or in the browser. */
async function expectSignedOut(page: Page, reason: string, secret: string, patience = {}): Promise<void> {
  await expect(page.getByText(reason)).toBeVisible(patience);
  await expect(signIn(page)).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
  await expect.poll(() => kept(page)).toEqual([]);
  await expect(page).toHaveTitle('Messenger');
}

test('a session that is ended from another device is over at once, and leaves nothing behind', async ({ people }) => {
  const { anna, boris, chatId } = await pair(people);
  const { page } = anna.messenger;
  for (const { messenger } of [anna, boris]) await messenger.goTo(chatId);
  await anna.messenger.send('A secret of ours');
  await anna.messenger.expectTick('A secret of ours', 'Read');
  await expect.poll(() => kept(page)).not.toEqual([]);

  const phone = await people.enter(anna.account, { userAgent: MOBILE }, '/settings/sessions');
  const others = phone.getByRole('region', { name: 'Other devices' });
  await expect(others).toContainText('2 of 5');
  await others.getByRole('button', { name: /^End session: / }).click();
  await expectSignedOut(page, 'This session was ended from another device.', 'A secret of ours', AT_ONCE);
  await expect(phone.getByText('You are signed in on this device only.')).toBeVisible();

  await page.goBack();
  await expect(signIn(page)).toBeVisible();
  await page.goto(`/c/${chatId}`);
  await expect(signIn(page)).toBeVisible();
  await expect(page.getByText('A secret of ours')).toHaveCount(0);
  expect((await page.request.get('/api/bootstrap')).status()).toBe(401);
});

async function devices(people: People, account: Account, count: number): Promise<Messenger[]> {
  const all: Messenger[] = [];
  for (let number = 0; number < count; number++) all.push(await new Messenger(await people.enter(account)).ready());
  return all;
}

test('a sixth login ends the first session, and no other', async ({ people }) => {
  const anna = await people.make('Anna Petrova');
  const [first, ...others] = await devices(people, anna, 5);
  if (!first) throw new Error('No device.');
  for (const device of [first, ...others]) await device.online();
  const [sixth] = await devices(people, anna, 1);
  await expect(first.page.getByText('You signed in on a sixth device. The oldest session was closed.')).toBeVisible(AT_ONCE);
  await expect.poll(() => kept(first.page)).toEqual([]);

  const boris = await guest(people, 'Boris Orlov');
  const me = await others[0]?.api.me();
  const chatId = await boris.messenger.api.privateChat(me ?? 0);
  await boris.messenger.api.send(chatId, 'To all of you');
  for (const device of [...others, sixth]) await expect(device?.row('Boris Orlov') ?? first.main).toContainText('To all of you');
});

test('logging out in one tab logs out all of them, and says first what would be lost', async ({ people }) => {
  const { anna, chatId } = await talkingPair(people);
  const { page } = anna.messenger;
  const second = new Messenger(await page.context().newPage());
  await second.goTo(chatId);
  const network = await Network.of(page);
  await anna.messenger.goTo(chatId);
  await anna.messenger.online();
  await page.route('**/messages', (route) => route.abort());
  await second.page.route('**/messages', (route) => route.abort());
  await anna.messenger.send('Never to arrive');
  await anna.messenger.expectTick('Never to arrive', 'Sending');

  await page.goto('/settings');
  await page.getByRole('button', { name: 'Log out' }).click();
  const question = page.getByRole('dialog', { name: 'Log out?' });
  await expect(question).toContainText('1 message has not been sent yet and will be lost.');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(question).toBeHidden();
  await page.getByRole('button', { name: 'Log out' }).click();
  await question.getByRole('button', { name: 'Log out' }).click();

  for (const tab of [page, second.page]) {
    await expectSignedOut(tab, 'You have signed out on this device.', 'Never to arrive');
    await expect(tab.getByText('1 unsent message was not delivered.')).toBeVisible();
  }
  // At Keycloak as well: it asks for the password again.
  await signIn(page).click();
  await expect(page.locator('#password')).toBeVisible();
  expect(network.opened).toBeGreaterThan(0);
});

test('a token that expires while somebody types is renewed without a word', async ({ people }) => {
  const { anna, boris } = await talkingPair(people);
  const { page } = anna.messenger;
  await page.evaluate(() => ((window as { isTheSame?: boolean }).isTheSame = true));
  const token = async () => (await page.context().cookies(PUBLIC_URL)).find((cookie) => cookie.name.endsWith('access_token'));
  const old = await token();
  expect(old).toBeDefined();
  await anna.messenger.composer.pressSequentially('Half of it');
  // As if the five minutes were over: the browser has thrown the cookie away.
  await page.context().clearCookies({ name: old?.name ?? '' });
  const refreshed = page.waitForResponse('**/auth/refresh');
  await anna.messenger.composer.pressSequentially(', and the rest');
  await anna.messenger.composer.press('Enter');

  await expect(boris.messenger.message('Half of it, and the rest')).toBeVisible();
  await anna.messenger.expectTick('Half of it, and the rest', 'Read');
  expect((await refreshed).status()).toBe(200);
  expect(await token()).toBeDefined();
  expect(await page.evaluate(() => (window as { isTheSame?: boolean }).isTheSame)).toBe(true);
});

test('a connection outlives the token it was opened with', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const boris = await guest(people, 'Boris Orlov');
  const chatId = await anna.messenger.api.privateChat(boris.id);
  const network = await Network.of(anna.messenger.page);
  await anna.messenger.goTo(chatId);
  await anna.messenger.online();
  await anna.messenger.composer.pressSequentially('Still here');
  const opened = network.opened;
  const refreshed = anna.messenger.page.waitForResponse('**/auth/refresh');
  network.tell({ type: 'reauth_required', in_s: 1 });
  expect((await refreshed).status()).toBe(200);
  await expect.poll(() => network.opened).toBe(opened + 1);
  await boris.messenger.api.send(chatId, 'Over the second socket');
  await expect(anna.messenger.message('Over the second socket')).toBeVisible();
  await expect(anna.messenger.composer).toHaveValue('Still here');
  await expect(anna.messenger.page.getByText(/^(Connecting|Updating)…$/)).toHaveCount(0);
});
