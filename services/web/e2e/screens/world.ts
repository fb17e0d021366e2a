import type { Page } from '@playwright/test';
import { Api } from '../support/api.ts';
import { backdate } from '../support/database.ts';
import type { Account, People } from '../support/test.ts';

/** Who says what; a number quotes the line of that number. */
export type Line = readonly [who: string, text: string, replyTo?: number];

export interface Talk {
  /** The group's title; null for a private chat with the one other person. */
  title: string | null;
  lines: readonly Line[];
  /** How many of the last lines Anna has not read. */
  unread: number;
  /** Minutes since the last line. */
  ago: number;
}

export const ME = 'Anna Petrova';

const HASTY = 'Mushrooms. Everything else is fine, and the map is here: https://example.org/lake';

/** What Anna makes of it when she corrects herself. */
export const CORRECTED = 'Sounds good. Mushrooms I leave to you, and the map is here: https://example.org/lake';

export const TALKS: readonly Talk[] = [
  {
    title: 'Lake trip 🏔️', unread: 3, ago: 4,
    lines: [
      ['Boris Orlov', 'Who has a tent for four? Mine has a hole the size of Portugal.'],
      [ME, 'We have one, and two spare mats. I’ll bring the stove as well.'],
      ['Elena Novak', 'Поезд в 9:12 с третьего пути. Билеты я уже взяла, скину каждому лично.'],
      ['Elena Novak', 'И возьмите тёплое: ночью обещают +6.'],
      [ME, 'Спасибо, Лена! Сколько с меня?', 2],
      ['Elena Novak', 'Сочтёмся на месте 🙂'],
      ['Boris Orlov', 'Then I carry the food. Anything you don’t eat?'],
      [ME, HASTY],
      ['Maria Santos', 'Perfect. I’ll be at the station ten minutes early with coffee ☕️'],
      ['Boris Orlov', 'Platform three, under the clock?', 8],
      ['Maria Santos', 'Under the clock.'],
    ],
  },
  { title: null, unread: 0, ago: 11, lines: [['Elena Novak', 'Привет! Как прошла презентация?'], [ME, 'Лучше, чем я думала. Задали всего один вопрос, и тот про кофе 😄'], ['Elena Novak', 'Так и знала! Поздравляю 🎉'], [ME, 'Спасибо! Твои схемы всех спасли', 0], ['Elena Novak', 'Обращайся. Кстати, вот та статья, о которой я говорила: https://example.org/maps'], ['Elena Novak', 'Посмотришь мой текст до вечера?'], [ME, 'Да, пришли'], ['Elena Novak', 'Отправила на почту, там две страницы'], [ME, 'Уже читаю 👀']] },
  { title: 'Design review', unread: 0, ago: 38, lines: [['Jonas Weber', 'New icons are in the shared folder.'], [ME, 'Looks great, the badge is finally readable.'], ['Jonas Weber', 'Shipping it on Thursday then.']] },
  { title: null, unread: 2, ago: 52, lines: [[ME, 'How was the concert?'], ['Maria Santos', 'Loud, long and wonderful.'], ['Maria Santos', 'Next time you come along, no excuses!']] },
  { title: 'Семья', unread: 0, ago: 95, lines: [['Ирина Петрова', 'В воскресенье обед в два, не опаздывайте'], [ME, 'Будем! Что принести?'], ['Ирина Петрова', 'Только хлеб и хорошее настроение ❤️']] },
  { title: null, unread: 0, ago: 190, lines: [['Boris Orlov', 'Did the parcel arrive?'], [ME, 'This morning. Thank you!']] },
  { title: 'Book club', unread: 5, ago: 240, lines: [['Jonas Weber', 'Chapter seven by Friday?'], ['Elena Novak', 'За.'], ['Maria Santos', 'I am still on chapter two…'], ['Jonas Weber', 'Friday next week, then.'], ['Maria Santos', 'You are too kind.']] },
  { title: null, unread: 0, ago: 1_500, lines: [[ME, 'The slides are on the server.'], ['Jonas Weber', 'Got them, thanks.']] },
  { title: null, unread: 0, ago: 2_900, lines: [['Ирина Петрова', 'Позвони, как будешь дома'], [ME, 'Хорошо, мам']] },
];

export const PEOPLE = [ME, 'Boris Orlov', 'Elena Novak', 'Maria Santos', 'Jonas Weber', 'Ирина Петрова'];

export interface World {
  anna: Account;
  /** Whom the messenger knows by which number, in the order of `PEOPLE`. */
  ids: number[];
  /** In the order of `TALKS`. */
  chats: number[];
}

interface Person {
  api: Api;
  id: number;
  page: Page;
}

/** Fill the messenger with people who have talked all day, until `now`; Anna's eyes are ours. */
export async function fill(people: People, now = new Date()): Promise<World> {
  const all = new Map<string, Person>();
  let anna: Account | undefined;
  for (const name of PEOPLE) {
    const account = await people.make(name);
    if (name === ME) anna = account;
    const page = await people.enter(account);
    const api = new Api(page);
    all.set(name, { api, page, id: await api.me() });
    // Nobody else watches: what is unread stays so, and these pages cost time.
    await page.goto('about:blank');
  }
  if (!anna) throw new Error('Anna is not among the people.');
  const chats: number[] = [];
  for (const talk of [...TALKS].reverse()) chats.unshift(await hold(talk, all, now));
  return { anna, ids: [...all.values()].map(({ id }) => id), chats };
}

/** Anna corrects herself in the first talk. */
export async function correct(anna: Api, chatId: number): Promise<void> {
  const message = (await anna.history(chatId)).find(({ text }) => text === HASTY);
  await anna.patch(`/api/chats/${chatId}/messages/${message?.id ?? 0}`, { text: CORRECTED });
}

/** Let one talk be held; returns its chat. */
async function hold(talk: Talk, all: Map<string, Person>, now: Date): Promise<number> {
  const who = (name: string) => {
    const person = all.get(name);
    if (!person) throw new Error(`Who is ${name}?`);
    return person;
  };
  const me = who(ME);
  const others = [...new Set(talk.lines.map(([name]) => name))].filter((name) => name !== ME);
  const ids = others.map((name) => who(name).id);
  const chatId = talk.title === null ? await me.api.privateChat(ids[0] ?? 0) : await me.api.group(talk.title, ids);
  const sent: number[] = [];
  for (const [name, text, replyTo] of talk.lines) {
    const message = await who(name).api.send(chatId, text, replyTo === undefined ? undefined : sent[replyTo]);
    sent.push(message.id);
  }
  const last = sent.at(-1 - talk.unread);
  if (last !== undefined) await me.api.read(chatId, last);
  for (const name of others) await who(name).api.read(chatId, sent.at(-1) ?? 0);
  await backdate(chatId, talk.ago, now);
  return chatId;
}
