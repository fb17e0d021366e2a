import { talkingPair, type Guest } from '../support/company.ts';
import { fillChat, line } from '../support/database.ts';
import { expect, test } from '../support/test.ts';

const REALTIME = ['realtime-1', 'realtime-2'];
const BACK = { timeout: 30_000 };
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name} ${at + 1}`);

/** Count how often a page is loaded from now on. */
function loads({ messenger }: Guest): () => number {
  let count = 0;
  messenger.page.on('domcontentloaded', () => (count += 1));
  return () => count;
}

test('without the live connection messages are sent all the same, and everything follows when it is back', async ({ people, processes }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const reloads = [loads(anna), loads(boris)];
  await boris.messenger.send('Before');
  await expect(anna.messenger.message('Before')).toBeVisible();
  const texts = ['Before'];
  try {
    await Promise.all(REALTIME.map((name) => processes.stop(name)));
    await expect(anna.messenger.main).toContainText('Connecting…');
    for (const text of numbered('Silent', 5)) {
      texts.push(text);
      await boris.messenger.send(text);
      await boris.messenger.expectTick(text, 'Sent');
    }
    await anna.messenger.expectTexts(['Before']);
  } finally {
    await Promise.all(REALTIME.map((name) => processes.start(name)));
  }
  await expect(anna.messenger.message('Silent 5')).toBeVisible(BACK);
  await anna.messenger.expectTexts(texts);
  await boris.messenger.expectTick('Silent 5', 'Read');
  await expect(anna.messenger.main).not.toContainText('Connecting…');
  expect(await anna.messenger.api.texts(chatId)).toEqual(texts);
  expect(reloads.map((count) => count())).toEqual([0, 0]);
});

test('one who has missed more than the server tells at once gets the newest, and pages the rest', async ({ people, processes }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  await boris.messenger.send('Before');
  await expect(anna.messenger.message('Before')).toBeVisible();
  const reloads = loads(anna);
  try {
    await Promise.all(REALTIME.map((name) => processes.stop(name)));
    await expect(anna.messenger.main).toContainText('Connecting…');
    await fillChat(chatId, [boris.id], 700);
    await anna.messenger.send('Written meanwhile');
  } finally {
    await Promise.all(REALTIME.map((name) => processes.start(name)));
  }
  await expect(anna.messenger.message(line(700))).toBeVisible(BACK);
  await anna.messenger.expectTick('Written meanwhile', 'Read');
  await expect(async () => {
    await anna.messenger.log.hover();
    await anna.messenger.page.mouse.wheel(0, -1500);
    const numbers = (await anna.messenger.texts()).flatMap((text) => /^Line (\d+)/.exec(text)?.[1] ?? []).map(Number);
    expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
    await expect(anna.messenger.message('Before')).toBeVisible({ timeout: 50 });
  }).toPass({ intervals: [30], timeout: 30_000 });
  expect(reloads()).toBe(0);
});

test('the gateway is killed while two send: nothing is lost, nothing doubled', async ({ people, processes }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  const reloads = [loads(anna), loads(boris)];
  const say = async ({ messenger, name }: Guest) => {
    for (const text of numbered(name, 15)) await messenger.send(text);
  };
  await Promise.all([
    say(anna),
    say(boris),
    expect(boris.messenger.message(`${anna.name} 3`)).toBeAttached().then(() => processes.kill('envoy')),
  ]);
  await processes.healthy();
  await expect(async () => expect(await anna.messenger.api.texts(chatId)).toHaveLength(30)).toPass(BACK);
  const texts = await anna.messenger.api.texts(chatId);
  for (const { messenger, name } of [anna, boris]) {
    expect(texts.filter((text) => text.startsWith(name))).toEqual(numbered(name, 15));
    await expect(messenger.message(texts.at(-1) ?? '')).toBeVisible(BACK);
    await messenger.expectTexts(texts);
    await messenger.expectTick(`${name} 15`, 'Read');
  }
  expect(reloads.map((count) => count())).toEqual([0, 0]);
});
