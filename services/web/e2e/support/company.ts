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

/** Make an account and open the messenger with it, in a browser of its own. */
export async function guest(people: People, name: string, options: BrowserContextOptions = {}): Promise<Guest> {
  const account = await people.make(name);
  const messenger = await new Messenger(await people.enter(account, options)).ready();
  return { account, id: await messenger.api.me(), name: account.name, messenger };
}

export interface Pair {
  anna: Guest;
  boris: Guest;
  chatId: number;
}

/** Two people with a private chat that nobody has written in. */
export async function pair(people: People, options: BrowserContextOptions = {}): Promise<Pair> {
  const [anna, boris] = await Promise.all([guest(people, 'Anna Petrova', options), guest(people, 'Boris Orlov', options)]);
  return { anna, boris, chatId: await anna.messenger.api.privateChat(boris.id) };
}

/** A pair that looks at its chat. */
export async function talkingPair(people: People, options: BrowserContextOptions = {}): Promise<Pair> {
  const two = await pair(people, options);
  await Promise.all([two.anna, two.boris].map(({ messenger }) => messenger.goTo(two.chatId)));
  await Promise.all([two.anna, two.boris].map(({ messenger }) => messenger.online()));
  return two;
}
