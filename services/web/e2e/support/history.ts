import { expect } from '@playwright/test';
import type { Pair } from './company.ts';
import { fillChat, line } from './database.ts';
import type { Messenger } from './messenger.ts';

/** A chat with so many lines, opened by Anna. */
export async function filled(two: Pair, count: number): Promise<Messenger> {
  const { anna, boris, chatId } = two;
  // Nobody is told of what comes by the back door: they look away meanwhile.
  await Promise.all([anna, boris].map(({ messenger }) => messenger.page.goto('about:blank')));
  await fillChat(chatId, [anna.id, boris.id], count);
  await anna.messenger.goTo(chatId);
  await anna.messenger.expectOnScreen(anna.messenger.message(line(count)));
  return anna.messenger;
}

/** The numbers of the rendered lines, which must follow one another. */
export async function lines(messenger: Messenger): Promise<number[]> {
  const texts = await messenger.texts();
  const numbers = texts.flatMap((text) => /^Line (\d+)/.exec(text)?.[1] ?? []).map(Number);
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
  return numbers;
}
