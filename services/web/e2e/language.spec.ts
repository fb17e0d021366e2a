import { guest } from './support/company.ts';
import { expect, test } from './support/test.ts';

const RUSSIAN = { locale: 'ru-RU', timezoneId: 'Europe/Moscow' };
const NAMES = Array.from({ length: 21 }, (_, at) => `Участник${at} Тестов`);

test('Russian counts as Russians do, and dates are theirs', async ({ people }) => {
  const boris = await guest(people, 'Boris Orlov');
  const account = await people.make('Анна Петрова');
  const page = await people.enter(account, RUSSIAN);
  await expect(page.locator('html')).toHaveAttribute('lang', 'ru');
  const me = ((await (await page.request.get('/api/users/me')).json()) as { id: number }).id;
  const chatId = await boris.messenger.api.privateChat(me);
  const row = page.getByRole('navigation', { name: 'Чаты' }).getByRole('link', { name: /^Boris Orlov/ });
  let sent = 0;
  for (const [count, words] of [[1, '1 непрочитанное'], [2, '2 непрочитанных'], [5, '5 непрочитанных'], [21, '21 непрочитанное'], [111, '111 непрочитанных']] as const) {
    while (sent < count) {
      const size = Math.min(10, count - sent);
      await Promise.all(Array.from({ length: size }, (_, at) => boris.messenger.api.send(chatId, `Сообщение ${sent + at + 1}`)));
      sent += size;
    }
    await expect(row).toHaveAccessibleName(new RegExp(`, ${words}, `));
  }
  await row.click();
  await expect(page.getByRole('separator', { name: 'Сегодня' })).toBeAttached();
  await expect(page.getByRole('separator', { name: 'Непрочитанные сообщения' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^К \d+ нов(ому сообщению|ым сообщениям)$/ })).toBeVisible();
});

test('a group tells its size in both languages, and the language can be changed at any time', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  const others = await Promise.all([people.make(NAMES[0]), people.make(NAMES[1])]);
  const ids: number[] = [];
  for (const account of others) {
    const other = await people.enter(account);
    ids.push(((await (await other.request.get('/api/users/me')).json()) as { id: number }).id);
  }
  const groupId = await anna.messenger.api.group('Отпуск 🏔️', ids);
  await anna.messenger.goTo(groupId);
  await expect(anna.messenger.main.getByText('3 members')).toBeVisible();
  await page.goto('/settings/language');
  await page.getByRole('radio', { name: 'Русский' }).check();
  await expect(page.getByRole('heading', { level: 1, name: 'Язык' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'ru');
  await page.goto(`/c/${groupId}`);
  await expect(anna.messenger.main.getByText('3 участника')).toBeVisible();
});

test('the longest words of both languages fit into their buttons, on a desktop and on a phone', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  const groupId = await anna.messenger.api.group('A'.repeat(128), []);
  await anna.messenger.api.send(groupId, 'Wort'.repeat(200));
  const paths = ['/', `/c/${groupId}`, `/c/${groupId}#info`, '/new', '/settings', '/settings/appearance', '/settings/sessions', '/settings/shortcuts', '/settings/notifications'];
  for (const language of ['en', 'ru'])
    for (const size of [{ width: 1280, height: 800 }, { width: 360, height: 740 }]) {
      await page.setViewportSize(size);
      await page.evaluate((wanted) => {
        const settings = JSON.parse(localStorage.getItem('messenger.settings') ?? '{}') as object;
        localStorage.setItem('messenger.settings', JSON.stringify({ ...settings, language: wanted }));
      }, language);
      for (const path of paths) {
        await page.goto(path);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await expect(page.locator('.pane-left').first()).toBeAttached();
        const clipped = await page.evaluate(() =>
          [...document.querySelectorAll<HTMLElement>('button, [role=tab], label, h1, h2, .line-text')]
            .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1)
            .filter((element) => !element.closest('.sr, .who, .msg, .down') && getComputedStyle(element).display !== 'inline')
            .map((element) => element.textContent.slice(0, 60)),
        );
        expect(clipped, `${language} ${size.width} ${path}`).toEqual([]);
      }
    }
});
