import { setTimeout as wait } from 'node:timers/promises';
import type { JSHandle } from '@playwright/test';
import type { Engine } from '../../src/engine/engine.ts';
import { guest, type Guest } from '../support/company.ts';
import { fillChat } from '../support/database.ts';
import { expect, test, type People } from '../support/test.ts';
import { Gauge, growthOf, Table } from './gauge.ts';
import { engineOf, expectRows, knowAll, tally } from './insides.ts';
import { Journal, Speaker } from './speakers.ts';

// A trace keeps copies of the page.
test.use({ trace: 'off' });

const MINUTES = Number(process.env.SOAK_MINUTES ?? 120);
const CHATS = 200;
/** Visits before the first measurement: until no more timelines are held (20) and cached (30) than before. */
const WARM_UP = 40;
const EVENTS_PER_VISIT = 25;
/** Of these, so many messages in the chat that is open. */
const SAID_PER_VISIT = 13;
const VISITS_PER_ROW = 20;
const HISTORY = 60;
const MAX_GROWTH = 0.2;
const SETTING_UP_MS = 600_000;

const titleOf = (at: number) => `Chat ${String(at).padStart(3, '0')}`;

class Day {
  private constructor(
    readonly anna: Guest,
    private readonly phone: Speaker,
    private readonly speakers: readonly Speaker[],
    readonly journal: Journal,
    private readonly chats: readonly number[],
    readonly engine: JSHandle<Engine>,
  ) {}

  /** Chats with a history, of which the page knows, and people who will talk in them. */
  static async begin(people: People): Promise<Day> {
    const journal = new Journal();
    const speakers: Speaker[] = [];
    for (const name of ['Boris Orlov', 'Elena Novak', 'Maria Santos']) speakers.push(await Speaker.of(people, name, journal));
    const anna = await guest(people, 'Anna Petrova');
    const { api, page } = anna.messenger;
    const ids = speakers.map(({ id }) => id);
    await page.goto('about:blank');
    const chats: number[] = [];
    for (let at = 0; at < WARM_UP + CHATS; at += 1) {
      const chatId = await api.group(titleOf(at), ids);
      await fillChat(chatId, [anna.id, ...ids], HISTORY);
      chats.push(chatId);
    }
    await page.goto('/');
    await anna.messenger.online();
    const engine = await engineOf(page);
    await knowAll(page, engine, chats.length);
    return new Day(anna, new Speaker(anna.id, anna.name, api, page, journal), speakers, journal, chats, engine);
  }

  /** Open a chat in which much happens while it is looked at, and something elsewhere; then close it. */
  async visit(at: number): Promise<void> {
    const { messenger } = this.anna;
    const chatId = this.chats[at] ?? 0;
    // What she says at another device brings the chat to the top of the list, and is for the others to read.
    const own = await this.phone.say(chatId);
    await messenger.chats.locator('.chats').evaluate((list) => (list.scrollTop = 0));
    await expect(messenger.chats.getByRole('listitem').first()).toContainText(titleOf(at));
    await messenger.openChat(titleOf(at));
    await Promise.all(this.speakers.map((speaker, number) => this.talk(speaker, at, number)));
    const said = this.journal.of(chatId).slice(-SAID_PER_VISIT).map(({ text }) => text);
    await messenger.expectOnScreen(messenger.message(said.at(-1) ?? ''));
    await expect.poll(async () => (await messenger.texts()).slice(-SAID_PER_VISIT)).toEqual(said);
    await messenger.expectTick(own, 'Read');
    await messenger.composer.press('Escape');
    await expect(messenger.page).toHaveURL((url) => url.pathname === '/');
  }

  /** What one of the three does during a visit: eight of its events. */
  private async talk(speaker: Speaker, at: number, number: number): Promise<void> {
    const chatId = this.chats[at] ?? 0;
    // One of the seven before or after it.
    const step = (at * 5 + number * 3) % 14;
    const elsewhere = this.chats[at + (step < 7 ? step - 7 : step - 6)] ?? this.chats[at - 1] ?? this.chats[1] ?? 0;
    await speaker.type(chatId);
    await speaker.say(chatId);
    await speaker.say(elsewhere);
    await speaker.sayAndCorrect(chatId);
    await speaker.say(chatId);
    await speaker.read(chatId);
    await speaker.say(chatId);
  }
}

test('a tab that lives through a long day loses nothing and does not grow', async ({ people }) => {
  test.setTimeout(MINUTES * 60_000 + SETTING_UP_MS);
  const day = await Day.begin(people);
  const { journal, engine, anna } = day;
  for (let at = 0; at < WARM_UP; at += 1) await day.visit(at);
  const warmUp = journal.events;
  const gauge = await Gauge.of(anna.messenger.page);
  const baseline = await gauge.read();
  let last = baseline;
  const table = new Table(baseline);
  table.add(0, 0, baseline, await tally(engine, journal));
  const from = Date.now();
  for (let done = 1; done <= CHATS; done += 1) {
    await day.visit(WARM_UP + done - 1);
    if (done % VISITS_PER_ROW === 0) {
      await expect.poll(() => tally(engine, journal)).toMatchObject({ lost: 0, doubled: 0 });
      last = await gauge.read();
      table.add(done, journal.events - warmUp, last, await tally(engine, journal));
    }
    // The pace of the day, not a wait for something.
    await wait(Math.max(0, from + (done / CHATS) * MINUTES * 60_000 - Date.now()));
  }
  console.log('Events, with those before the first line:', journal.counts);
  await expectRows(engine, anna.messenger.api);
  expect(journal.events - warmUp).toBe(CHATS * EVENTS_PER_VISIT);
  for (const what of ['heap', 'nodes', 'listeners'] as const)
    expect(growthOf(last[what], baseline[what]), `growth of ${what}`).toBeLessThan(MAX_GROWTH);
});
