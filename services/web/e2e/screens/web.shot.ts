import type { BrowserContextOptions, Page } from '@playwright/test';
import { Messenger } from '../support/messenger.ts';
import { expect, test } from '../support/test.ts';
import { fill } from './world.ts';

const FOLDER = new URL('../../../../docs/screens/', import.meta.url).pathname;
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const LIGHT = { colorScheme: 'light' } as const;
const DARK = { colorScheme: 'dark' } as const;

/** Where Anna is signed in as well. */
const ELSEWHERE = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
];

/** Take a picture when everything has come to rest. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${FOLDER}web-${name}.png`, animations: 'disabled', caret: 'hide' });
}

/** Nothing is marked as read while pictures are taken: the window says that nobody looks at it. */
async function unwatched(page: Page): Promise<void> {
  await page.addInitScript(() => (document.hasFocus = () => false));
}

test('pictures of the web client', async ({ people }) => {
  test.setTimeout(240_000);
  const { anna, chats: [lake = 0, elena = 0, design = 0] } = await fill(people);
  const open = async (options: BrowserContextOptions, path: string) => {
    const page = await people.enterAgain(anna, { ...options, reducedMotion: 'reduce' });
    await unwatched(page);
    await page.goto(path);
    return new Messenger(page);
  };

  for (const userAgent of ELSEWHERE) await people.enter(anna, { userAgent });
  const desk = await open({ ...DESKTOP, ...LIGHT }, `/c/${design}`);
  await desk.composer.fill('Thursday it is. I will write the');
  await desk.row('Lake trip').click();
  await expect(desk.divider).toBeVisible();
  await expect(desk.row('Design review')).toContainText('Draft:');
  await edit(desk, lake);
  await shoot(desk.page, 'chat-desktop-light');
  await desk.openMenu('Sounds good. Mushrooms I leave to you, and the map is here: https://example.org/lake').catch(() => undefined);
  await shoot(desk.page, 'menu-desktop-light');
  await desk.page.keyboard.press('Escape');
  await desk.page.goto(`/c/${lake}#info`);
  await expect(desk.page.getByRole('complementary').getByRole('listitem').first()).toBeVisible();
  await shoot(desk.page, 'info-desktop-light');

  await desk.page.emulateMedia(DARK);
  await desk.page.goto(`/c/${elena}`);
  await expect(desk.message('Уже читаю 👀')).toBeVisible();
  await shoot(desk.page, 'chat-desktop-dark');
  await desk.page.goto('/settings/sessions');
  await expect(desk.page.locator('.session').first()).toBeVisible();
  await shoot(desk.page, 'sessions-desktop-dark');

  const phone = await open({ ...PHONE, ...LIGHT }, '/');
  await expect(phone.row('Lake trip')).toBeVisible();
  await shoot(phone.page, 'list-phone-light');
  await phone.page.goto('/new#group');
  await phone.page.getByRole('option', { name: /Elena/ }).click();
  await phone.page.getByRole('option', { name: /Maria/ }).click();
  await shoot(phone.page, 'group-phone-light');
  await phone.page.emulateMedia(DARK);
  await phone.page.goto(`/c/${lake}`);
  await expect(phone.divider).toBeVisible();
  await shoot(phone.page, 'chat-phone-dark');
  await phone.page.goto('/settings');
  await expect(phone.page.getByRole('button', { name: 'Log out' })).toBeVisible();
  await shoot(phone.page, 'settings-phone-dark');

  const stranger = await people.blank({ ...DESKTOP, ...LIGHT });
  await stranger.goto('/');
  await expect(stranger.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await shoot(stranger, 'signed-out-desktop-light');
});

const BEFORE = 'Mushrooms. Everything else is fine, and the map is here: https://example.org/lake';

/** Anna corrects herself. */
async function edit(desk: Messenger, chatId: number): Promise<void> {
  const message = (await desk.api.history(chatId)).find(({ text }) => text === BEFORE);
  const text = 'Sounds good. Mushrooms I leave to you, and the map is here: https://example.org/lake';
  await desk.api.patch(`/api/chats/${chatId}/messages/${message?.id ?? 0}`, { text });
  await expect(desk.message(text)).toHaveAccessibleName(/, edited, /);
}
