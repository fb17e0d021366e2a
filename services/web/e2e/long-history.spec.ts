import type { Page } from '@playwright/test';
import { pair } from './support/company.ts';
import { line } from './support/database.ts';
import { filled, lines } from './support/history.ts';
import { expect, test } from './support/test.ts';

// A film of it costs more than the page itself.
test.use({ trace: 'off' });

const MANY = 10_000;
const MAX_ROWS = 160;
const MAX_HEAP = 40e6;

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
        seen.add(Number(/^Line (\d+)/.exec(row.querySelector('.text')?.textContent ?? '')?.[1]));
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
