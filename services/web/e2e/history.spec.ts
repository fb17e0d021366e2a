import { pair } from './support/company.ts';
import { fillChat, line } from './support/database.ts';
import { filled, lines } from './support/history.ts';
import { expect, test } from './support/test.ts';

test('a quote leads far back, from there one pages both ways, and the button leads back', async ({ people }) => {
  const two = await pair(people);
  await two.anna.messenger.page.goto('about:blank');
  await two.boris.messenger.page.goto('about:blank');
  await fillChat(two.chatId, [two.anna.id, two.boris.id], 1_000);
  const [quoted] = (await two.boris.messenger.api.get(`/api/history/${two.chatId}?offset=299&limit=1`)) as { id: number }[];
  await two.boris.messenger.api.send(two.chatId, 'About that', quoted?.id);
  const { messenger } = two.anna;
  await messenger.goTo(two.chatId);
  await messenger.expectOnScreen(messenger.message('About that'));

  const followQuote = async () => {
    await messenger.message('About that').getByRole('button', { name: /Line 300/ }).click();
    await messenger.expectOnScreen(messenger.message(line(300)));
  };
  await followQuote();
  await lines(messenger);
  await messenger.jump.click();
  await messenger.expectOnScreen(messenger.message('About that'));

  await followQuote();
  for (const [towards, target] of [[-900, 200], [900, 450]] as const) {
    await expect(async () => {
      await messenger.log.hover();
      await messenger.page.mouse.wheel(0, towards);
      const numbers = await lines(messenger);
      expect(numbers).toContain(target);
    }).toPass({ intervals: [30] });
  }
  await expect(async () => {
    await messenger.jump.click({ timeout: 1_000 });
    await messenger.expectOnScreen(messenger.message('About that'));
  }).toPass();
  expect((await lines(messenger)).at(-1)).toBe(1_000);
});

test("a message's address opens the chat there", async ({ people }) => {
  const two = await pair(people);
  const messenger = await filled(two, 600);
  const [wanted] = (await messenger.api.get(`/api/history/${two.chatId}?offset=199&limit=1`)) as { id: number }[];
  await messenger.page.goto(`/c/${two.chatId}/m/${wanted?.id ?? 0}`);
  await messenger.expectOnScreen(messenger.message(line(200)));
  await lines(messenger);
});

test('one who comes back to a chat finds it where it was left', async ({ people }) => {
  const two = await pair(people);
  const messenger = await filled(two, 300);
  await expect(async () => {
    await messenger.log.hover();
    await messenger.page.mouse.wheel(0, -400);
    await expect(messenger.message(line(200))).toBeInViewport({ timeout: 100 });
  }).toPass({ intervals: [30] });
  const other = await messenger.api.group('Elsewhere', [two.boris.id]);
  await messenger.openChat('Elsewhere');
  await expect(messenger.page).toHaveURL(`/c/${other}`);
  await messenger.openChat(two.boris.name);
  await expect(messenger.message(line(200))).toBeInViewport();
});
