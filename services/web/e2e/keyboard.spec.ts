import type { Page } from '@playwright/test';
import { guest, pair } from './support/company.ts';
import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

/** Press Tab until something has the focus that says this. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`Tab never comes to ${selector}.`);
}

/** Whether one sees where the focus is: an outline of at least two pixels, on the element or on what stands for it. */
async function expectFocusSeen(page: Page): Promise<void> {
  const seen = await page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused) return 'nothing';
    const candidates = [focused, ...focused.querySelectorAll(':scope > *'), focused.parentElement ?? focused];
    const isRinged = (element: Element) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
    };
    return candidates.some(isRinged) ? 'seen' : focused.outerHTML.slice(0, 120);
  });
  expect(seen).toBe('seen');
}

test('everything can be done without a mouse', async ({ people }) => {
  test.setTimeout(90_000);
  const boris = await guest(people, 'Boris Orlov');
  const account = await people.make('Anna Petrova');
  const page = await people.blank();
  const { keyboard } = page;
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await tabTo(page, 'a[href^="/auth/login"]');
  await keyboard.press('Enter');
  await expect(page.locator('#username')).toBeFocused();
  await keyboard.type(account.username);
  await tabTo(page, '#password');
  await keyboard.type(account.password);
  await keyboard.press('Enter');

  const anna = await new Messenger(page).online();
  const chatId = await boris.messenger.api.privateChat(await anna.api.me());
  await boris.messenger.api.send(chatId, 'Are you there?');
  await expect(anna.row('Boris Orlov')).toBeVisible();
  await keyboard.press('Control+k');
  await expect(anna.search).toBeFocused();
  await keyboard.type('Boris');
  await keyboard.press('ArrowDown');
  await expect(anna.row('Boris Orlov').first()).toBeFocused();
  await expectFocusSeen(page);
  await keyboard.press('Enter');
  await expect(anna.composer).toBeFocused();

  await keyboard.type('I am.');
  await keyboard.press('Shift+Enter');
  await keyboard.type('And you?');
  await keyboard.press('Enter');
  await expect(anna.message('I am.\nAnd you?')).toBeVisible();
  await expect(anna.composer).toBeFocused();

  await keyboard.press('Shift+Tab');
  await expect(anna.message('I am.\nAnd you?')).toBeFocused();
  await expectFocusSeen(page);
  await keyboard.press('ArrowUp');
  await expect(anna.message('Are you there?')).toBeFocused();
  await keyboard.press('r');
  await expect(anna.composer).toBeFocused();
  await expect(anna.main.getByText('Reply to Boris Orlov')).toBeVisible();
  await keyboard.type('As I said');
  await keyboard.press('Enter');
  await expect(anna.message('As I said')).toHaveAccessibleName(/in reply to Boris Orlov: Are you there\?/);

  await anna.expectTick('As I said', 'Sent');
  await keyboard.press('ArrowUp');
  await expect(anna.composer).toHaveValue('As I said');
  await keyboard.press('End');
  await keyboard.type(' before');
  await keyboard.press('Enter');
  await expect(anna.message('As I said before')).toHaveAccessibleName(/, edited, /);

  await keyboard.press('Shift+Tab');
  await expect(anna.message('As I said before')).toBeFocused();
  await keyboard.press('Enter');
  const menu = page.getByRole('menu');
  await expect(menu.getByRole('menuitem').first()).toBeFocused();
  await keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(anna.message('As I said before')).toBeFocused();
  await keyboard.press('Shift+F10');
  await expect(menu).toBeVisible();
  await keyboard.press('End');
  await expect(menu.getByRole('menuitem', { name: 'Delete' })).toBeFocused();
  await keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'Delete message?' });
  await expect(question.getByRole('button', { name: 'Delete' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(anna.message('As I said before')).toHaveCount(0);
  await expect.poll(() => boris.messenger.api.texts(chatId)).toEqual(['Are you there?', 'I am.\nAnd you?', '']);

  await keyboard.press('Control+/');
  await expect(page.getByRole('heading', { name: 'Keyboard shortcuts' })).toBeVisible();
  await keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Keyboard shortcuts' })).toBeHidden();
  await page.goto('/settings');
  await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
  await tabTo(page, '.line.danger');
  await expectFocusSeen(page);
  await keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Log out?' })).toBeVisible();
  await keyboard.press('Enter');
  await expect(page.getByText('You have signed out on this device.')).toBeVisible();
});

test('keys go from chat to chat and from part to part, whatever the layout', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const boris = await guest(people, 'Boris Orlov');
  const { page } = anna.messenger;
  const groups: number[] = [];
  for (const title of ['First', 'Second', 'Third']) groups.push(await boris.messenger.api.group(title, [anna.id]));
  await boris.messenger.api.send(groups[0] ?? 0, 'Unread');
  await expect(anna.messenger.row('First')).toHaveAccessibleName(/1 unread/);
  await anna.messenger.openChat('Second');
  const title = (text: string) => expect(anna.messenger.main.getByRole('heading', { level: 1, name: text })).toBeAttached();
  // The list: First (a message), Third, Second.
  await page.keyboard.press('Alt+ArrowUp');
  await title('Third');
  await page.keyboard.press('Alt+ArrowDown');
  await title('Second');
  await page.keyboard.press('Alt+Shift+ArrowUp');
  await title('First');
  await expect(anna.messenger.message('Unread')).toBeVisible();

  await expect(anna.messenger.composer).toBeFocused();
  await page.keyboard.press('F6');
  await expect(anna.messenger.chats.locator(':focus')).toHaveCount(1);
  await page.keyboard.press('Shift+F6');
  await expect(anna.messenger.composer).toBeFocused();

  // On a Russian keyboard the same key says к.
  await page.keyboard.press('Shift+Tab');
  await expect(anna.messenger.message('Unread')).toBeFocused();
  await anna.messenger.message('Unread').dispatchEvent('keydown', { key: 'к', code: 'KeyR', bubbles: true });
  await expect(anna.messenger.main.getByText('Reply to Boris Orlov')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(anna.messenger.main.getByText('Reply to Boris Orlov')).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL('/');
});

test('the key for searching leads to the search from everywhere, and nothing takes the focus away later', async ({ people }) => {
  const { anna, boris } = await pair(people);
  const { page, search } = anna.messenger;
  // As in a busy browser: timers are late, keys are not.
  await page.addInitScript(() => {
    const setTimer = window.setTimeout.bind(window);
    window.setTimeout = ((run: () => void, ms = 0) => setTimer(run, ms + 300)) as typeof window.setTimeout;
  });
  for (const path of ['/', '/settings']) {
    await page.goto(path);
    await anna.messenger.online();
    await page.keyboard.press('Control+k');
    await expect(search).toBeFocused();
    await page.keyboard.type('Boris');
    await page.keyboard.press('ArrowDown');
    await page.evaluate(() => new Promise((late) => setTimeout(late)));
    await expect(anna.messenger.row(boris.name).first()).toBeFocused({ timeout: 1 });
    await page.keyboard.press('Control+k');
    await expect(search).toBeFocused();
  }
});

test('Tab reaches the messages first where one asks for it, and a dialog keeps the focus', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  await page.reload();
  await anna.messenger.online();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to messages' })).toBeFocused();
  const groupId = await anna.messenger.api.group('Alone', []);
  await anna.messenger.api.send(groupId, 'A message');
  await anna.messenger.goTo(groupId);
  await expect(anna.messenger.message('A message')).toBeVisible();
  const skip = page.getByRole('link', { name: 'Skip to messages' });
  await skip.focus();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(anna.messenger.message('A message')).toBeFocused();
  await page.keyboard.press('Delete');
  const question = page.getByRole('dialog', { name: 'Delete message?' });
  await expect(question).toBeVisible();
  const inside = () => question.evaluate((dialog) => dialog.contains(document.activeElement) || document.activeElement === document.body);
  for (let presses = 0; presses < 4; presses++) {
    await page.keyboard.press('Tab');
    expect(await inside()).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(anna.messenger.message('A message')).toBeFocused();
});
