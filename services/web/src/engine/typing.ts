import { Alarm } from './backoff.ts';
import type { Environment } from './environment.ts';
import type { Id } from './model.ts';
import { withEntry, withoutEntry, type Cell } from './store.ts';
import type { ClientFrame } from './wire.ts';

const EVERY_MS = 3_000;
const LASTS_MS = 6_000;

/** Who is typing, and telling that one is. */
export class Typing {
  private readonly told = new Map<Id, number>();
  private readonly expiry: Alarm;

  constructor(
    private readonly env: Environment,
    private readonly cell: Cell,
    private readonly send: (frame: ClientFrame) => boolean,
  ) {
    this.expiry = new Alarm(env);
  }

  tell(chatId: Id): void {
    const now = this.env.now();
    const last = this.told.get(chatId);
    if (last !== undefined && now - last < EVERY_MS) return;
    if (this.send({ type: 'typing', chat_id: chatId })) this.told.set(chatId, now);
  }

  /** After a message, typing the next one is told at once. */
  sent(chatId: Id): void {
    this.told.delete(chatId);
  }

  heard(chatId: Id, userId: Id): void {
    const { typing } = this.cell.get();
    const until = this.env.now() + LASTS_MS;
    this.cell.set({ typing: withEntry(typing, chatId, withEntry(typing[chatId] ?? {}, userId, until)) });
    if (!this.expiry.isSet) this.expiry.set(LASTS_MS, () => this.expire());
  }

  /** What was typed has been sent. */
  stopped(chatId: Id, userId: Id): void {
    const { typing } = this.cell.get();
    const here = typing[chatId];
    if (!here || !(userId in here)) return;
    const left = withoutEntry(here, userId);
    const none = Object.keys(left).length === 0;
    this.cell.set({ typing: none ? withoutEntry(typing, chatId) : withEntry(typing, chatId, left) });
  }

  stop(): void {
    this.expiry.clear();
    this.told.clear();
  }

  private expire(): void {
    const now = this.env.now();
    let next = Infinity;
    for (const [chatId, people] of Object.entries(this.cell.get().typing)) {
      for (const [userId, until] of Object.entries(people)) {
        if (until <= now) this.stopped(Number(chatId), Number(userId));
        else next = Math.min(next, until);
      }
    }
    if (next < Infinity) this.expiry.set(next - now, () => this.expire());
  }
}
