import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { Api, type ServerMessage } from '../support/api.ts';
import type { People } from '../support/test.ts';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;
const AWAY = /: 50[234] |ECONNREFUSED|ECONNRESET|socket hang up|The socket was refused/;

/** A long day has restarts in it. Ask again as clients do; what is asked here may be asked twice. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!AWAY.test(String(error)) || Date.now() > until) throw error;
      await wait(AGAIN_MS);
    }
  }
}

interface Said {
  id: number;
  text: string;
}

/** What was really said, chat by chat: the measure of what the tab shows. */
export class Journal {
  private readonly chats = new Map<number, Said[]>();
  readonly counts = { message: 0, edit: 0, read: 0, typing: 0 };

  of(chatId: number): readonly Said[] {
    return this.chats.get(chatId) ?? [];
  }

  get events(): number {
    return Object.values(this.counts).reduce((sum, one) => sum + one, 0);
  }

  said(chatId: number, message: Said): void {
    this.counts.message += 1;
    // Two speak at once: the server's order counts, not that of its answers.
    const all = [...this.of(chatId), message].sort((one, other) => one.id - other.id);
    this.chats.set(chatId, all);
  }

  edited(message: Said, text: string): void {
    this.counts.edit += 1;
    message.text = text;
  }
}

/** Somebody who talks to the server without a page of the messenger. */
export class Speaker {
  private freshUntil = 0;

  constructor(
    readonly id: number,
    private readonly name: string,
    private readonly api: Api,
    private readonly page: Page,
    private readonly journal: Journal,
  ) {}

  static async of(people: People, name: string, journal: Journal): Promise<Speaker> {
    const page = await people.enter(await people.make(name));
    const api = new Api(page);
    const id = await api.me();
    // A page of the same origin that does nothing by itself: it holds the socket.
    await page.goto('/icon.svg');
    return new Speaker(id, name, api, page, journal);
  }

  /** A token lasts for minutes, and no page is there to renew it. */
  private async renew(): Promise<void> {
    if (Date.now() < this.freshUntil) return;
    const { expires_in } = (await patiently(() => this.api.post('/auth/refresh', {}))) as { expires_in: number };
    this.freshUntil = Date.now() + (expires_in * 1_000) / 2;
  }

  private async send(chatId: number, text: string): Promise<ServerMessage> {
    await this.renew();
    const clientId = randomUUID();
    return patiently(() => this.api.send(chatId, text, undefined, clientId));
  }

  async say(chatId: number): Promise<string> {
    const text = `${this.name} says ${this.journal.counts.message} of ${chatId}`;
    const { id } = await this.send(chatId, text);
    this.journal.said(chatId, { id, text });
    return text;
  }

  /** Say something and think better of it. */
  async sayAndCorrect(chatId: number): Promise<void> {
    const text = `${this.name} errs ${this.journal.counts.message} of ${chatId}`;
    const { id } = await this.send(chatId, text);
    const message = { id, text };
    this.journal.said(chatId, message);
    const better = `${text}, corrected`;
    await patiently(() => this.api.patch(`/api/chats/${chatId}/messages/${id}`, { text: better }));
    this.journal.edited(message, better);
  }

  async read(chatId: number): Promise<void> {
    const newest = this.journal.of(chatId).at(-1)?.id ?? 0;
    await patiently(() => this.api.read(chatId, newest));
    this.journal.counts.read += 1;
  }

  /** Only sockets tell of typing; the server closes them when their token expires. */
  async type(chatId: number): Promise<void> {
    await this.renew();
    await patiently(() => this.typeOnSocket(chatId));
    this.journal.counts.typing += 1;
  }

  private typeOnSocket(chatId: number): Promise<void> {
    return this.page.evaluate(async (chat_id) => {
      const here = window as { socket?: WebSocket };
      if (here.socket?.readyState !== WebSocket.OPEN) {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`);
        await new Promise((done, failed) => {
          socket.onmessage = done;
          socket.onclose = () => failed(new Error('The socket was refused.'));
        });
        here.socket = socket;
      }
      here.socket.send(JSON.stringify({ type: 'typing', chat_id }));
    }, chatId);
  }
}
