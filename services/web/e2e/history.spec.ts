import type { Page } from '@playwright/test';
import { pair, type Pair } from './support/company.ts';
import { fillChat, line } from './support/database.ts';
import type { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

const MANY = 10_000;
const MAX_ROWS = 160;
const MAX_HEAP = 40e6;

/** A chat with so many lines, opened by Anna. */
async function filled(two: Pair, count: number): Promise<Messenger> {
  const { anna, boris, chatId } = two;
  // Nobody is told of what comes by the back door: they look away meanwhile.
  await Promise.all([anna, boris].map(({ messenger }) => messenger.page.goto('about:blank')));
  await fillChat(chatId, [anna.id, boris.id], count);
  await anna.messenger.goTo(chatId);
  await anna.messenger.expectOnScreen(anna.messenger.message(line(count)));
  return anna.messenger;
}

interface Ride {
  /** How often something on the screen moved against the direction of scrolling. */
  jumps: number[];
  mostRows: number;
  /** Numbers of the lines that were on the screen. */
  seen: number[];
}

/** Scroll up frame by frame until the chat begins. */
function scrollToBeginning(page: Page): Promise<Ride> {
  return page.evaluate(async () => {
    const log = document.querySelector('[role=log]');
    if (!log) throw new Error('No chat is open.');
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const jumps: number[] = [];
    const seen = new Set<number>();
    let mostRows = 0;
    let before = new Map<Element, number>();
    for (;;) {
      const screen = log.getBoundingClientRect();
      const rows = [...log.querySelectorAll('article')];
      mostRows = Math.max(mostRows, rows.length);
      const now = new Map<Element, number>();
      for (const row of rows) {
        const { top, bottom } = row.getBoundingClientRect();
        if (bottom <= screen.top || top >= screen.bottom) continue;
        now.set(row, top);
        seen.add(Number(/Line (\d+)/.exec(row.textContent)?.[1]));
      }
      const kept = [...now].find(([row]) => before.has(row));
      const moved = kept ? kept[1] - (before.get(kept[0]) ?? 0) : 0;
      if (moved < -2) jumps.push(moved);
      before = now;
      if (log.scrollTop === 0 && log.textContent.includes('Beginning of the chat')) break;
      log.scrollTop -= 450;
      await frame();
    }
    return { jumps, mostRows, seen: [...seen].sort((one, other) => one - other) };
  });
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Infinity;
}

/** The numbers of the rendered lines, which must follow one another. */
async function lines(messenger: Messenger): Promise<number[]> {
  const texts = await messenger.texts();
  const numbers = texts.flatMap((text) => /^Line (\d+)/.exec(text)?.[1] ?? []).map(Number);
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
  return numbers;
}

test('10,000 messages: all the way up nothing jumps, nothing is left out, and the page stays small', async ({ people }) => {
  test.setTimeout(180_000);
  const messenger = await filled(await pair(people), MANY);
  const ride = await scrollToBeginning(messenger.page);
  expect(ride.jumps).toEqual([]);
  expect(ride.mostRows).toBeLessThanOrEqual(MAX_ROWS);
  expect(ride.seen).toEqual(Array.from({ length: MANY }, (_, at) => at + 1));
  expect(await heapOf(messenger.page)).toBeLessThan(MAX_HEAP);
  expect((await lines(messenger))[0]).toBe(1);

  await messenger.jump.click();
  await messenger.expectOnScreen(messenger.message(line(MANY)));
  expect((await lines(messenger)).at(-1)).toBe(MANY);
});

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
