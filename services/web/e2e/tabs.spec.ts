import type { Page } from '@playwright/test';
import { guest, pair, talkingPair, type Pair } from './support/company.ts';
import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

/** A second tab of Anna's browser. */
async function secondTab({ anna }: Pair): Promise<Messenger> {
  return new Messenger(await anna.messenger.page.context().newPage());
}

test('what is read in one tab is read in the other', async ({ people }) => {
  const two = await pair(people);
  const { anna, boris, chatId } = two;
  const second = await secondTab(two);
  await second.page.goto('/');
  await second.online();
  for (let number = 1; number <= 3; number++) await boris.messenger.api.send(chatId, `Number ${number}`);
  for (const tab of [anna.messenger, second]) await expect(tab.row(boris.name)).toHaveAccessibleName(/3 unread/);
  await second.openChat(boris.name);
  await expect(anna.messenger.row(boris.name)).not.toHaveAccessibleName(/unread/);
  await expect(anna.messenger.page).toHaveTitle(/^[^(]/);
});

test('what is written in one tab stands in the other, and takes no draft away', async ({ people }) => {
  const two = await talkingPair(people);
  const { anna, boris, chatId } = two;
  const second = await secondTab(two);
  await second.goTo(chatId);
  await second.online();
  await second.composer.pressSequentially('Half a sent');
  await anna.messenger.send('From the first tab');
  await second.expectTexts(['From the first tab']);
  await anna.messenger.composer.fill('Another draft');
  await boris.messenger.send('An answer');
  await expect(second.message('An answer')).toBeVisible();
  await anna.messenger.expectTick('From the first tab', 'Read');
  await second.expectTick('From the first tab', 'Read');
  await expect(second.composer).toHaveValue('Half a sent');
  await second.composer.pressSequentially('ence');
  await second.composer.press('Enter');
  await anna.messenger.expectTexts(['From the first tab', 'An answer', 'Half a sentence']);
  await expect(anna.messenger.composer).toHaveValue('Another draft');
});

test('a draft outlives a reload and is seen in the list', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  await anna.messenger.api.group('Elsewhere', [boris.id]);
  await anna.messenger.composer.pressSequentially('To be continued');
  await anna.messenger.openChat('Elsewhere');
  await expect(anna.messenger.row(boris.name)).toContainText('Draft: To be continued');
  await anna.messenger.goTo(chatId);
  await expect(anna.messenger.composer).toHaveValue('To be continued');
});

/** Count what the page shows outside of itself. */
async function countNotifications(page: Page): Promise<() => Promise<string[]>> {
  const shown: string[] = [];
  await page.exposeFunction('tellShown', (title: string) => shown.push(title));
  await page.addInitScript(() => {
    const tell = (window as unknown as { tellShown: (title: string) => void }).tellShown;
    class Shown extends EventTarget {
      static permission = 'granted';
      static requestPermission = () => Promise.resolve('granted');
      constructor(title: string) {
        super();
        tell(title);
      }
      close() {}
    }
    Object.defineProperty(window, 'Notification', { value: Shown, configurable: true });
  });
  return () => Promise.resolve(shown);
}

test('two hidden tabs show one notification', async ({ people }) => {
  const two = await pair(people);
  const { anna, boris, chatId } = two;
  const tabs = [anna.messenger, await secondTab(two)];
  const shown = await Promise.all(tabs.map((tab) => countNotifications(tab.page)));
  await anna.messenger.page.goto('/settings/notifications');
  await anna.messenger.page.getByRole('switch', { name: 'Notifications on this device' }).check();
  for (const tab of tabs) {
    await tab.page.goto('/');
    await tab.online();
    await tab.hide();
  }
  await boris.messenger.api.send(chatId, 'Psst');
  for (const tab of tabs) await expect(tab.row(boris.name)).toHaveAccessibleName(/1 unread/);
  await expect.poll(async () => (await Promise.all(shown.map((titles) => titles()))).flat()).toEqual([boris.name]);
  await tabs[0]?.dwell();
  expect((await Promise.all(shown.map((titles) => titles()))).flat()).toEqual([boris.name]);
});

test('a second device of the same person has the same chats, ticks and read marks', async ({ people }) => {
  const [anna, boris] = await Promise.all([guest(people, 'Anna Petrova'), guest(people, 'Boris Orlov')]);
  const chatId = await anna.messenger.api.privateChat(boris.id);
  const phone = new Messenger(await people.enter(anna.account));
  await anna.messenger.goTo(chatId);
  await anna.messenger.send('From the desk');
  await phone.openChat(boris.name);
  await phone.expectTexts(['From the desk']);
  await boris.messenger.openChat(anna.name);
  await phone.expectTick('From the desk', 'Read');
  await anna.messenger.expectTick('From the desk', 'Read');
  await phone.send('From the phone');
  await anna.messenger.expectTexts(['From the desk', 'From the phone']);
});
