import type { JSHandle, Page } from '@playwright/test';
import type { Engine } from '../../src/engine/engine.ts';
import type { Api, ServerChat } from '../support/api.ts';
import { expect } from '../support/test.ts';
import type { Journal } from './speakers.ts';

interface Fiber {
  memoizedProps: { value?: Engine } | null;
  child: Fiber | null;
  stateNode: { current: Fiber } | null;
}

/** The engine of a page, out of React's hands: pages show only a part of what they hold. */
export function engineOf(page: Page): Promise<JSHandle<Engine>> {
  return page.evaluateHandle(() => {
    const root = document.getElementById('root') as unknown as Record<string, Fiber>;
    const key = Object.keys(root).find((name) => name.startsWith('__reactContainer$')) ?? '';
    for (let fiber = root[key]?.stateNode?.current ?? null; fiber; fiber = fiber.child)
      if (fiber.memoizedProps?.value?.store) return fiber.memoizedProps.value;
    throw new Error('React keeps the engine elsewhere now.');
  });
}

/** Let the page know all its chats, as after scrolling through the whole list. */
export async function knowAll(page: Page, engine: JSHandle<Engine>, count: number): Promise<void> {
  await expect
    .poll(() => engine.evaluate((one) => (one.loadMoreChats(), Object.keys(one.store.getState().chats).length)))
    .toBe(count);
  await expect(page.getByRole('navigation', { name: 'Chats' })).toBeVisible();
}

export interface Tally {
  /** Messages that the server has and a window lacks. */
  lost: number;
  /** Messages that a window has twice, or that nobody sent. */
  doubled: number;
  /** Messages that were compared. */
  compared: number;
}

/** Compare every message that the page holds with what was said: each once, in its order, in its last wording. */
export async function tally(engine: JSHandle<Engine>, journal: Journal): Promise<Tally> {
  const windows = await engine.evaluate((one) =>
    Object.entries(one.store.getState().windows).map(([chatId, { messages }]) => ({
      chatId: Number(chatId),
      held: messages.map(({ id, text }) => ({ id, text })),
    })),
  );
  const sum: Tally = { lost: 0, doubled: 0, compared: 0 };
  for (const { chatId, held } of windows) {
    const said = journal.of(chatId);
    const first = said[0]?.id ?? Infinity;
    const lately = held.filter(({ id }) => id !== null && id >= first);
    const ids = lately.map(({ id }) => id);
    expect(ids, `order in chat ${chatId}`).toEqual([...ids].sort((one, other) => Number(one) - Number(other)));
    const known = new Map(lately.map(({ id, text }) => [id, text]));
    sum.lost += said.filter(({ id, text }) => known.get(id) !== text).length;
    sum.doubled += lately.length - said.filter(({ id }) => known.has(id)).length;
    sum.compared += said.length;
  }
  return sum;
}

const PAGE = 100;

/** Compare each chat's row with the server: which version it has, and how much in it is unread. */
export async function expectRows(engine: JSHandle<Engine>, api: Api): Promise<void> {
  const truth: ServerChat[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await api.get(`/api/chats?limit=${PAGE}${query}`)) as { items: ServerChat[]; next_cursor: string | null };
    truth.push(...page.items);
    cursor = page.next_cursor;
  }
  const byId = (all: { id: number; version: number; unread: number }[]) => all.sort((one, other) => one.id - other.id);
  const told = truth.map(({ id, version, unread_count: unread }) => ({ id, version, unread }));
  const shown = () =>
    engine.evaluate((one) => Object.values(one.store.getState().chats).map(({ id, version, unread }) => ({ id, version, unread })));
  await expect.poll(async () => byId(await shown())).toEqual(byId(told));
}
