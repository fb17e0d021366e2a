import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import type { AxeResults, default as Axe } from 'axe-core';
import { guest, type Guest } from './support/company.ts';
import { Messenger } from './support/messenger.ts';
import { expect, logIn, test, type Account } from './support/test.ts';

/** What is serious, in one line each. */
function serious({ violations }: AxeResults, screen: string): string[] {
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${screen}: ${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`));
}

/** What axe holds against the page as it is, and against its colours in the other theme. */
async function faults(page: Page, screen: string): Promise<string[]> {
  const inLight = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .setLegacyMode() // Without a second page for every result: ours has no frames.
    .analyze();
  await page.emulateMedia({ colorScheme: 'dark' });
  const inDark = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof Axe };
    return axe.run({ runOnly: ['color-contrast'], resultTypes: ['violations'] });
  });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...serious(inLight, screen), ...serious(inDark, `${screen}, dark`)];
}

/** Log in through the form, in whatever language the page speaks. */
async function signIn(page: Page, account: Account): Promise<Guest> {
  await logIn(page, account);
  await expect(page.locator('#chats')).toBeVisible();
  const messenger = new Messenger(page);
  return { account, id: await messenger.api.me(), name: account.name, messenger };
}

interface World {
  anna: Guest;
  groupId: number;
}

/** Anna has a group with a reply, unread messages and an own message, and a private chat with a draft. */
async function world(anna: Guest, boris: Guest): Promise<World> {
  const groupId = await boris.messenger.api.group('Поездка на озеро', [anna.id]);
  const first = await boris.messenger.api.send(groupId, 'See https://example.org for the plan');
  await anna.messenger.api.send(groupId, 'Хорошо, спасибо', first.id);
  await boris.messenger.api.send(groupId, 'A train at nine?');
  const chatId = await boris.messenger.api.privateChat(anna.id);
  await boris.messenger.api.send(chatId, 'Hi!');
  return { anna, groupId };
}

const SCREENS: [string, (page: Page, world: World) => Promise<void>][] = [
  ['S2 list', async (page) => {
    await page.goto('/');
    await expect(page.locator('.chat').first()).toBeVisible();
  }],
  ['S3 chat', async (page, { groupId }) => {
    await page.goto(`/c/${groupId}`);
    await expect(page.getByRole('article').first()).toBeVisible();
  }],
  ['S3 menu', async (page) => {
    await page.getByRole('article').nth(1).locator('.text').click({ button: 'right' });
    await expect(page.getByRole('menu')).toBeVisible();
  }],
  ['S7 seen by', async (page) => {
    await page.getByRole('menuitem').filter({ hasText: /Seen by|Кто прочитал|Прочит/ }).click();
    await expect(page.getByRole('dialog').getByRole('listitem').first()).toBeVisible();
  }],
  ['S9 delete', async (page) => {
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.getByRole('article').nth(1).focus();
    await page.keyboard.press('Delete');
    await expect(page.getByRole('dialog')).toBeVisible();
  }],
  ['S6 info', async (page, { groupId }) => {
    await page.goto(`/c/${groupId}#info`);
    await expect(page.getByRole('complementary').getByRole('listitem').first()).toBeVisible();
  }],
  ['S4 search', async (page) => {
    await page.goto('/');
    await page.getByRole('searchbox').fill('Boris');
    await expect(page.locator('.results .person').first()).toBeVisible();
  }],
  ['S5 new chat', async (page) => {
    await page.goto('/new');
    await expect(page.getByRole('option').first()).toBeVisible();
  }],
  ['S5 new group', async (page) => {
    await page.goto('/new#group');
    await page.getByRole('option').first().click();
    await expect(page.getByRole('option', { selected: true })).toBeVisible();
  }],
  ['S8 settings', async (page) => {
    await page.goto('/settings');
    await expect(page.locator('.settings')).toBeVisible();
  }],
  ...['profile', 'appearance', 'language', 'notifications', 'shortcuts', 'about'].map(
    (name): [string, (page: Page) => Promise<void>] => [`S8 ${name}`, async (page) => {
      await page.goto(`/settings/${name}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.locator('.settings')).toBeVisible();
    }],
  ),
  ['S8 sessions', async (page) => {
    await page.goto('/settings/sessions');
    await expect(page.locator('.session').first()).toBeVisible();
  }],
];

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 } };
const LOOKS = [
  ['a desktop in English', { ...DESKTOP, locale: 'en-US' }],
  ['a desktop in Russian', { ...DESKTOP, locale: 'ru-RU' }],
  ['a phone in Russian', { ...PHONE, locale: 'ru-RU' }],
  ['a phone in English', { ...PHONE, locale: 'en-US' }],
] as const;

for (const [name, options] of LOOKS)
  test(`axe finds nothing serious on ${name}, light and dark`, async ({ people }) => {
    test.setTimeout(120_000);
    const boris = await guest(people, 'Boris Orlov');
    const account = await people.make('Anna Petrova');
    const page = await people.blank(options);
    // Nothing moves, so that no colour is measured halfway.
    await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
    const found: string[] = [];
    await page.goto('/');
    await expect(page.locator('a[href^="/auth/login"]')).toBeVisible();
    found.push(...(await faults(page, 'S1 signed out')));
    const anna = await signIn(page, account);
    const made = await world(anna, boris);
    for (const [screen, open] of SCREENS) {
      await test.step(screen, async () => {
        await open(page, made);
        found.push(...(await faults(page, screen)));
      });
    }
    expect(found).toEqual([]);
  });

test('the page fits 320 pixels, which is a desktop at 400 %, with the largest letters', async ({ people }) => {
  const boris = await guest(people, 'Boris Orlov');
  const anna = await guest(people, 'Anna Petrova', { viewport: { width: 320, height: 640 } });
  const { page } = anna.messenger;
  const made = await world(anna, boris);
  await page.evaluate(() => localStorage.setItem('messenger.settings', JSON.stringify({ textSize: 20 })));
  for (const path of ['/', `/c/${made.groupId}`, `/c/${made.groupId}#info`, '/new', '/settings', '/settings/appearance', '/settings/sessions']) {
    await page.goto(path);
    await expect(page.locator('#chats header, #messages header').first()).toBeAttached();
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider, path).toBeLessThanOrEqual(0);
  }
});
