import type { Page } from '@playwright/test';
import { guest } from './support/company.ts';
import { expect, test } from './support/test.ts';

/** What has run scripts elsewhere; `boom` tells if it does here. */
const CORPUS = [
  '<script>boom()</script>',
  '<img src=x onerror=boom()>',
  '<svg onload=boom()>',
  '"><iframe srcdoc="<script>parent.boom()</script>">',
  '</textarea><script>boom()</script>',
  "';boom();//",
  '{{constructor.constructor("boom()")()}}',
  '${boom()}',
  '<a href="javascript:boom()">click</a>',
  '<style>*{display:none}</style>',
  '&lt;b&gt;not bold&lt;/b&gt;',
  '<math><mtext><table><mglyph><style><img src=x onerror=boom()>',
  '\u202Etxt.exe',
  '__proto__',
];
const ADDRESSES = [
  'javascript:boom()',
  'JaVaScRiPt:boom()',
  'java\tscript:boom()',
  'data:text/html,<script>boom()</script>',
  'vbscript:boom()',
  'javascript://example.org/%0aboom()',
  'https://example.org/"onmouseover="boom()',
  "https://example.org/'><img src=x onerror=boom()>",
  'mailto:a@b.org?body=<script>boom()</script>',
];

/** Note whatever a page's policy refuses and whatever runs that must not. */
async function watched(page: Page): Promise<string[]> {
  const wrong: string[] = [];
  await page.exposeFunction('boom', () => wrong.push('It ran.'));
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) wrong.push(message.text());
  });
  page.on('dialog', (dialog) => {
    wrong.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  return wrong;
}

test('whatever people are called and write is text, everywhere', async ({ people }) => {
  const mallory = await guest(people, 'Mallory Mean');
  const anna = await guest(people, 'Anna Petrova');
  const { page, api } = anna.messenger;
  const wrong = await watched(page);
  const titles = CORPUS.slice(0, 6);
  const [evil] = CORPUS;
  const groups: number[] = [];
  for (const title of titles) groups.push(await mallory.messenger.api.group(title, [anna.id]));
  const chatId = await mallory.messenger.api.group('Corpus', [anna.id]);
  const texts = [...CORPUS, ...ADDRESSES];
  for (const text of texts) await mallory.messenger.api.send(chatId, text);
  const [quoted] = await api.history(chatId);
  await api.send(chatId, CORPUS[1] ?? '', quoted?.id);

  await anna.messenger.goTo(chatId);
  await anna.messenger.expectTexts([...texts, CORPUS[1] ?? '']);
  await expect(anna.messenger.log.getByRole('button', { name: evil ?? '' })).toContainText(evil ?? '');
  for (const title of titles) await expect(anna.messenger.row(title).first()).toBeVisible();

  const hrefs = await anna.messenger.log.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  expect(hrefs.length).toBeGreaterThan(0);
  expect(hrefs.filter((href) => !/^(https:\/\/example\.org\/|mailto:a@b\.org)/.test(href))).toEqual([]);
  const rels = await anna.messenger.log.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('rel') ?? ''));
  expect(new Set(rels)).toEqual(new Set(['noopener noreferrer']));
  for (const link of await anna.messenger.log.getByRole('link').all()) await link.hover();

  await page.goto(`/c/${groups[1] ?? 0}#info`);
  await expect(page.getByRole('complementary', { name: 'Info' })).toContainText(titles[1] ?? '');
  await expect(page).toHaveTitle(new RegExp(titles[1]?.slice(1, 6) ?? ''));
  await page.getByRole('complementary', { name: 'Info' }).getByRole('button', { name: 'Leave group' }).click();
  await expect(page.getByRole('dialog')).toContainText(titles[1] ?? '');
  await page.keyboard.press('Escape');
  await anna.messenger.composer.fill(CORPUS[2] ?? '');
  await anna.messenger.row('Corpus').click();
  await expect(anna.messenger.row(titles[1] ?? '')).toContainText(`Draft: ${CORPUS[2]}`);
  await anna.messenger.search.fill('<img');
  await expect(anna.messenger.chats.getByText(titles[1] ?? '').first()).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a person whose name is markup is called so', async ({ people, realm }) => {
  const anna = await guest(people, 'Anna Petrova');
  const account = await people.make('Mallory Mean');
  // The worst that Keycloak lets pass: brackets, quotation marks and ampersands it refuses.
  const name = { firstName: "javascript:boom ' + `", lastName: '__proto__ +1' };
  const user = (await (await realm.call('GET', `/users/${account.subject}`)).json()) as object;
  await realm.call('PUT', `/users/${account.subject}`, { ...user, ...name });
  const mallory = await people.enter(account);
  const me = (await (await mallory.request.get('/api/users/me')).json()) as { id: number; name: string };
  expect(me.name).toBe(`${name.firstName} ${name.lastName}`);
  const wrong = await watched(anna.messenger.page);
  const chatId = await anna.messenger.api.privateChat(me.id);
  await anna.messenger.api.send(chatId, 'Hello');
  await anna.messenger.openChat(me.name);
  await expect(anna.messenger.message('Hello')).toBeVisible();
  await anna.messenger.main.getByRole('button', { name: /^javascript:boom/ }).click();
  await expect(anna.messenger.page.getByRole('complementary')).toContainText(me.name);
  expect(wrong).toEqual([]);
});

test('an address in the location leads nowhere else', async ({ people }) => {
  const anna = await guest(people, 'Anna Petrova');
  const { page } = anna.messenger;
  const wrong = await watched(page);
  for (const path of ['/c/999999999', '/c/999999999/m/1', '/settings/<img src=x onerror=boom()>', '/c/1#javascript:boom()', '/settings/sessions?x=<script>boom()</script>']) {
    await page.goto(path);
    await expect(page.locator('#chats')).toBeAttached();
  }
  await page.goto('/c/999999999');
  await expect(anna.messenger.main.getByText('There is no such chat, or you are not in it.')).toBeVisible();
  const foreign = await page.request.get('/auth/login?return_to=https://evil.example', { maxRedirects: 0 });
  expect(foreign.headers()['location'] ?? '').not.toContain('evil.example');
  expect(wrong).toEqual([]);
});
