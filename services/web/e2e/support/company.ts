import type { BrowserContextOptions } from '@playwright/test';
import { Messenger } from './messenger.ts';
import type { Account, People } from './test.ts';

/** Somebody who has opened the messenger. */
export interface Guest {
  account: Account;
  id: number;
  name: string;
  messenger: Messenger;
}

/** Make an account and log in with it in a browser of its own, in which nothing is open yet. */
async function arrival(people: People, name: string, options: BrowserContextOptions): Promise<Guest> {
  const account = await people.make(name);
  const messenger = new Messenger(await people.loggedIn(account, options));
  return { account, id: await messenger.api.me(), name: account.name, messenger };
}

async function openList(messenger: Messenger): Promise<void> {
  await messenger.page.goto('/');
  await messenger.ready();
}

/** Make an account and open the messenger with it, in a browser of its own. */
export async function guest(people: People, name: string, options: BrowserContextOptions = {}): Promise<Guest> {
  const arrived = await arrival(people, name, options);
  await openList(arrived.messenger);
  return arrived;
}

export interface Pair {
  anna: Guest;
  boris: Guest;
  chatId: number;
}

async function arrivals(people: People, options: BrowserContextOptions): Promise<Pair> {
  const [anna, boris] = await Promise.all([arrival(people, 'Anna Petrova', options), arrival(people, 'Boris Orlov', options)]);
  return { anna, boris, chatId: await anna.messenger.api.privateChat(boris.id) };
}

const both = ({ anna, boris }: Pair, act: (messenger: Messenger) => Promise<unknown>) =>
  Promise.all([act(anna.messenger), act(boris.messenger)]);

/** Two people with a private chat that nobody has written in, both at the list of their chats. */
export async function pair(people: People, options: BrowserContextOptions = {}): Promise<Pair> {
  const two = await arrivals(people, options);
  await both(two, openList);
  return two;
}

/** A pair that looks at its chat. */
export async function talkingPair(people: People, options: BrowserContextOptions = {}): Promise<Pair> {
  const two = await arrivals(people, options);
  await both(two, (messenger) => messenger.goTo(two.chatId));
  await both(two, (messenger) => messenger.online());
  return two;
}
