import { DARK, DESKTOP, LIGHT, PHONE } from '../screens/devices.ts';
import { CORRECTED } from '../screens/world.ts';
import { expect, expectPicture, test } from './gallery.ts';

const DESK = { ...DESKTOP, ...LIGHT };
const NIGHT = { ...DESKTOP, ...DARK };
/** One pixel of the picture for one of the page: the files are a third as large. */
const MOBILE = { ...PHONE, deviceScaleFactor: 1 };

/** The chats by their numbers. */
const LAKE = '/c/1';
const ELENA = '/c/2';
const DESIGN = '/c/3';

test('a group with unread messages beside the list, and a draft', async ({ gallery }) => {
  const desk = await gallery.anna(DESIGN, DESK);
  await desk.composer.fill('Thursday it is. I will write the');
  await desk.row('Lake trip').click();
  await expect(desk.divider).toBeVisible();
  await expect(desk.row('Design review')).toContainText('Draft:');
  await expect(desk.composer).toBeFocused();
  await expectPicture(desk.page, 'chat-desktop-light', { wallpaper: true });
});

test('a private chat at night', async ({ gallery }) => {
  const desk = await gallery.anna(ELENA, NIGHT);
  await expect(desk.message('Уже читаю 👀')).toBeVisible();
  await expect(desk.composer).toBeFocused();
  await expectPicture(desk.page, 'chat-desktop-dark');
});

test('the menu of a message', async ({ gallery }) => {
  const desk = await gallery.anna(LAKE, DESK);
  await desk.openMenu(CORRECTED);
  await expectPicture(desk.page, 'menu-desktop-light');
});

test('a group and who is in it', async ({ gallery }) => {
  const desk = await gallery.anna(LAKE, DESK);
  await expect(desk.composer).toBeFocused();
  await desk.main.getByTitle('Info').click();
  const info = desk.page.getByRole('complementary', { name: 'Info' });
  await expect(info.getByRole('listitem')).toHaveCount(4);
  await expect(info.getByRole('button', { name: 'Close' })).toBeFocused();
  await expectPicture(desk.page, 'info-desktop-light');
});

test('where one is signed in', async ({ gallery }) => {
  const desk = await gallery.anna('/settings/sessions', NIGHT);
  await expect(desk.page.locator('.session')).toHaveCount(3);
  await expectPicture(desk.page, 'sessions-desktop-dark');
});

test('in Russian', async ({ gallery }) => {
  const { page } = await gallery.anna(DESIGN, { ...DESK, locale: 'ru-RU' });
  await expect(page.getByRole('textbox', { name: 'Сообщение' })).toBeFocused();
  await expectPicture(page, 'russian-desktop-light');
});

test('without any chats', async ({ gallery }) => {
  const desk = await gallery.nina('/', DESK);
  await desk.ready();
  await expectPicture(desk.page, 'empty-desktop-light');
});

test('signed out', async ({ gallery }) => {
  const page = await gallery.nobody('/', DESK);
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await expectPicture(page, 'signed-out-desktop-light');
});

test('the chats on a phone', async ({ gallery }) => {
  const phone = await gallery.anna('/', { ...MOBILE, ...LIGHT });
  await expect(phone.row('Lake trip')).toBeVisible();
  await expectPicture(phone.page, 'list-phone-light');
});

test('a chat on a phone at night', async ({ gallery }) => {
  const phone = await gallery.anna(LAKE, { ...MOBILE, ...DARK });
  await expect(phone.divider).toBeVisible();
  await expectPicture(phone.page, 'chat-phone-dark', { wallpaper: true });
});

test('the settings on a phone at night', async ({ gallery }) => {
  const phone = await gallery.anna('/settings', { ...MOBILE, ...DARK });
  await expect(phone.page.getByRole('button', { name: 'Log out' })).toBeVisible();
  await expectPicture(phone.page, 'settings-phone-dark');
});

test('offline on a phone', async ({ gallery }) => {
  const phone = await gallery.anna('/', { ...MOBILE, ...LIGHT });
  await expect(phone.row('Lake trip')).toBeVisible();
  await gallery.cut(phone);
  await expect(phone.page.getByText(/^You are offline/)).toBeVisible();
  await expectPicture(phone.page, 'offline-phone-light');
});
