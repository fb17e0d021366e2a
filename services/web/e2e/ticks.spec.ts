import { guest, talkingPair, type Guest } from './support/company.ts';
import { expect, test } from './support/test.ts';

test('ticks: on its way, stored, read; a hidden tab reads nothing', async ({ people }) => {
  const { anna, boris } = await talkingPair(people);
  await boris.messenger.hide();

  let letGo = () => {};
  const held = new Promise<void>((done) => (letGo = done));
  await anna.messenger.page.route('**/api/chats/*/messages', async (route) => {
    await held;
    await route.continue();
  });
  await anna.messenger.send('Do you see it?');
  await anna.messenger.expectTick('Do you see it?', 'Sending');
  letGo();
  await anna.messenger.expectTick('Do you see it?', 'Sent');

  await expect(boris.messenger.message('Do you see it?')).toBeAttached();
  await boris.messenger.dwell();
  await anna.messenger.expectTick('Do you see it?', 'Sent');
  await expect(boris.messenger.row(anna.name)).toHaveAccessibleName(/1 unread/);

  await boris.messenger.show();
  await anna.messenger.expectTick('Do you see it?', 'Read');
  await expect(boris.messenger.row(anna.name)).not.toHaveAccessibleName(/unread/);
  await expect(anna.messenger.row(boris.name)).toHaveAccessibleName(/Read, /);
});

test('what was read while the sender was away is shown as read when they come back', async ({ people }) => {
  const { anna, boris, chatId } = await talkingPair(people);
  await boris.messenger.page.goto('/');
  await anna.messenger.send('Read it later');
  await anna.messenger.expectTick('Read it later', 'Sent');
  await anna.messenger.page.goto('about:blank');
  await boris.messenger.goTo(chatId);
  await expect.poll(async () => (await boris.messenger.api.history(chatId))[0]?.is_read).toBe(true);
  await anna.messenger.goTo(chatId);
  await anna.messenger.expectTick('Read it later', 'Read');
});

test('in a group, "seen by" grows with every one who opens the chat', async ({ people }) => {
  const guests = await Promise.all(['Anna Petrova', 'Boris Orlov', 'Clara Neumann', 'Dmitri Ivanov'].map((name) => guest(people, name)));
  const [anna, boris, clara, dmitri] = guests as [Guest, Guest, Guest, Guest];
  const chatId = await anna.messenger.api.group('Four of us', [boris.id, clara.id, dmitri.id]);
  await anna.messenger.openChat('Four of us');
  await anna.messenger.send('Who is here?');
  await anna.messenger.expectTick('Who is here?', 'Sent');
  /** Who is said to have seen it, newest first, each with the time; below stand those who have not, without. */
  const seen = async () => {
    await anna.messenger.choose('Who is here?', 'Seen by');
    const dialog = anna.messenger.page.getByRole('dialog', { name: 'Seen by' });
    await expect(dialog.getByRole('listitem')).toHaveCount(3);
    const rows = await dialog.getByRole('listitem').allInnerTexts();
    await anna.messenger.page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    const readers = rows.filter((row) => /minute|ago/.test(row)).map((row) => row.match(/Anna|Boris|Clara|Dmitri/)?.[0]);
    const others = rows.slice(readers.length).map((row) => row.match(/Anna|Boris|Clara|Dmitri/)?.[0]);
    return { readers, others: others.sort() };
  };

  await boris.messenger.openChat('Four of us');
  await anna.messenger.expectTick('Who is here?', 'Read by some');
  expect(await seen()).toEqual({ readers: ['Boris'], others: ['Clara', 'Dmitri'] });

  await clara.messenger.openChat('Four of us');
  await expect.poll(async () => (await clara.messenger.api.chat(chatId)).unread_count).toBe(0);
  expect(await seen()).toEqual({ readers: ['Clara', 'Boris'], others: ['Dmitri'] });
  await anna.messenger.expectTick('Who is here?', 'Read by some');

  await dmitri.messenger.openChat('Four of us');
  await anna.messenger.expectTick('Who is here?', 'Read');
  expect(await seen()).toEqual({ readers: ['Dmitri', 'Clara', 'Boris'], others: [] });
});
