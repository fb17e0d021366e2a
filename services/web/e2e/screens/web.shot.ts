import type { BrowserContextOptions, Page } from '@playwright/test';
import { Messenger } from '../support/messenger.ts';
import { expect, test } from '../support/test.ts';
import { DARK, DESKTOP, ELSEWHERE, LIGHT, PHONE, unwatched } from './devices.ts';
import { correct, CORRECTED, fill } from './world.ts';

const FOLDER = new URL('../../../../docs/screens/', import.meta.url).pathname;

/** Take a picture when everything has come to rest. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${FOLDER}web-${name}.png`, animations: 'disabled', caret: 'hide' });
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
  await correct(desk.api, lake);
  await expect(desk.message(CORRECTED)).toHaveAccessibleName(/, edited, /);
  await shoot(desk.page, 'chat-desktop-light');
  await desk.openMenu(CORRECTED);
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
