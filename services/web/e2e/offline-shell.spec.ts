import { guest, pair } from './support/company.ts';
import { Deployment } from './support/deployment.ts';
import { readable } from './support/storage.ts';
import { expect, test } from './support/test.ts';
import { keepsPage } from './support/worker.ts';

test.use({ serviceWorkers: 'allow' });

test('chats are there without a network, and so is what was said in them', async ({ people }) => {
  const { anna, boris, chatId } = await pair(people);
  await boris.messenger.api.send(chatId, 'Before the tunnel');
  const { page } = anna.messenger;
  await keepsPage(page);
  await anna.messenger.openChat(boris.name);
  await expect(anna.messenger.message('Before the tunnel')).toBeVisible();
  // It is written to the disk a moment later: with the chat, and with its messages.
  await expect.poll(async () => (await readable(page)).split('Before the tunnel').length).toBeGreaterThan(2);
  await page.context().setOffline(true);
  for (const path of ['/', `/c/${chatId}`]) {
    await page.goto(path);
    await expect(anna.messenger.row(boris.name)).toContainText('Before the tunnel');
  }
  await expect(anna.messenger.message('Before the tunnel')).toBeVisible();
  await expect(page.getByText('You are offline. Messages will be sent later.')).toBeVisible();
  await page.goto('/settings/appearance');
  await expect(page.getByRole('heading', { level: 1, name: 'Appearance' })).toBeVisible();
  await page.context().setOffline(false);
});

test('a new version waits until it is asked for, and loses nothing that is being written', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  const groupId = await anna.messenger.api.group('Notes', []);
  const deployment = await Deployment.start();
  await page.goto(`${deployment.url}/c/${groupId}`);
  await keepsPage(page);
  await anna.messenger.online();
  await anna.messenger.composer.fill('In the middle of');
  await page.evaluate(() => ((window as { isOld?: boolean }).isOld = true));
  const isOld = () => page.evaluate(() => (window as { isOld?: boolean }).isOld === true);

  deployment.replace('aaaa');
  await page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
  const offer = page.getByText('A new version is ready');
  await expect(offer).toBeVisible();
  expect(await isOld()).toBe(true);
  await page.getByRole('button', { name: 'Later' }).click();
  await expect(offer).toBeHidden();
  await expect(anna.messenger.composer).toHaveValue('In the middle of');

  await page.reload();
  await expect(offer).toBeVisible();
  const versions = await page.evaluate(() => caches.keys());
  expect(versions).toContain('shell-aaaa00000000');
  expect(versions).toHaveLength(2);
  await page.evaluate(() => ((window as { isOld?: boolean }).isOld = true));
  await page.getByRole('button', { name: 'Update' }).click();
  await expect.poll(() => isOld().catch(() => true)).toBe(false);
  await expect(anna.messenger.composer).toHaveValue('In the middle of');
  await expect(offer).toBeHidden();
  await deployment.stop();
});

test('a tab that was open before a deployment still opens the parts that it has not loaded', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  await keepsPage(page);
  // What is asked for ahead of time, when there is nothing else to do, is not loaded in this tab.
  await page.addInitScript(() => ((window as { requestIdleCallback?: unknown }).requestIdleCallback = () => 0));
  await page.reload();
  await anna.messenger.online();
  const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  expect(loaded.filter((name) => name.includes('SettingsPane') && name.endsWith('.js'))).toEqual([]);

  // The server has no file of this version any more, and the browser's own cache is of no help.
  const asked: string[] = [];
  await page.context().route('**/assets/**', (route) => {
    asked.push(route.request().url());
    return route.fulfill({ status: 404 });
  });
  await anna.messenger.chats.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  expect(asked).toEqual([]);
});

test('the end of a session takes the kept page with it, and the next one keeps it again', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  await keepsPage(page);
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Log out' }).click();
  // The socket may tell the page first; what clears the browser is the answer.
  const answer = page.waitForResponse('**/auth/logout');
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByText('You have signed out on this device.')).toBeVisible();
  await (await answer).finished();
  await page.goto('/');
  await keepsPage(page);
  // The page is the last thing to be kept, after all its parts.
  const kept = () => page.evaluate(async () => (await caches.match('/')) !== undefined);
  await expect.poll(kept).toBe(true);
  await page.context().setOffline(true);
  await page.goto('/settings');
  await expect(page.locator('#root')).not.toBeEmpty();
  await page.context().setOffline(false);
});

test('the manifest is all that an installation needs', async ({ people }) => {
  const page = await people.blank();
  await page.goto('/');
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data ?? '{}') as Record<string, unknown>;
  expect(manifest).toMatchObject({ name: 'Messenger', display: 'standalone', start_url: '/', scope: '/' });
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A window like a test's own is incognito to the browser: that one it cannot be blamed for.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  const icons = manifest['icons'] as { src: string; sizes: string; purpose: string }[];
  expect(icons.map(({ sizes }) => sizes)).toEqual(expect.arrayContaining(['192x192', '512x512']));
  expect(icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
});
