import { readable } from './support/storage.ts';
import { expect, logIn, test } from './support/test.ts';

test('a login leads to the messenger and leaves no token where a script could read it', async ({ people }) => {
  const page = await people.blank();
  await logIn(page, await people.make('Anna Petrova'));
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('navigation', { name: 'Chats' })).toBeVisible();
  const cookies = await page.context().cookies();
  const access = cookies.find((cookie) => cookie.name.endsWith('access_token'));
  expect(access?.httpOnly).toBe(true);
  expect(cookies.filter((cookie) => cookie.name.endsWith('session')).every((cookie) => cookie.httpOnly)).toBe(true);
  const text = await readable(page);
  expect(text).not.toContain('eyJ');
  for (const cookie of cookies) expect(text).not.toContain(cookie.value);
});

test('a stranger gets the page, and is asked to sign in', async ({ people }) => {
  const page = await people.blank();
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Sign in' }).or(page.getByRole('button', { name: 'Sign in' }))).toBeVisible();
});

test('the page breaks no rule of its own policy', async ({ people }) => {
  const broken: string[] = [];
  const page = await people.blank();
  page.on('console', (message) => {
    if (/content security policy|permissions policy|cross-origin/i.test(message.text())) broken.push(message.text());
  });
  await page.goto('/settings');
  await page.waitForLoadState('load');
  expect(broken).toEqual([]);
});

test('the files are compressed, kept as long as they may be, and guarded', async ({ request }) => {
  const page = await request.get('/c/1');
  expect(page.status()).toBe(200);
  expect(page.headers()).toMatchObject({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
  expect(page.headers()['content-security-policy']).toContain("script-src 'self'");
  expect(page.headers()['etag']).toBeTruthy();

  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1] ?? '';
  const loaded = await request.get(script, { headers: { 'Accept-Encoding': 'gzip, deflate, br' } });
  expect(loaded.headers()).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-encoding': 'br',
  });

  expect((await request.get('/sw.js')).headers()['cache-control']).toBe('no-cache');
  expect((await request.get('/nothing')).status()).toBe(404);
});

test.describe('with its service worker', () => {
  test.use({ serviceWorkers: 'allow' });

  test('the page can be installed, and opens without a server', async ({ people }) => {
    const page = await people.blank();
    await page.goto('/');
    const manifest = await page.evaluate(async () => {
      const address = document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? '';
      return (await (await fetch(address)).json()) as { start_url: string; icons: { src: string }[] };
    });
    expect(manifest.start_url).toBe('/');
    for (const icon of manifest.icons) expect((await page.request.get(icon.src)).status()).toBe(200);

    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js');
      await navigator.serviceWorker.ready;
    });
    await page.context().setOffline(true);
    await page.goto('/settings');
    await expect(page.locator('#root')).not.toBeEmpty();
  });
});
