import { Api } from '../support/api.ts';
import type { People } from '../support/test.ts';
import type { Page } from '@playwright/test';

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

  async say(chatId: number): Promise<string> {
    const text = `${this.name} says ${this.journal.counts.message} of ${chatId}`;
    const { id } = await this.api.send(chatId, text);
    this.journal.said(chatId, { id, text });
    return text;
  }

  /** Say something and think better of it. */
  async sayAndCorrect(chatId: number): Promise<void> {
    const text = `${this.name} errs ${this.journal.counts.message} of ${chatId}`;
    const said = await this.api.send(chatId, text);
    const message = { id: said.id, text };
    this.journal.said(chatId, message);
    const better = `${text}, corrected`;
    await this.api.patch(`/api/chats/${chatId}/messages/${said.id}`, { text: better });
    this.journal.edited(message, better);
  }

  async read(chatId: number): Promise<void> {
    await this.api.read(chatId, this.journal.of(chatId).at(-1)?.id ?? 0);
    this.journal.counts.read += 1;
  }

  /** Only sockets tell of typing; the server closes them when their token expires. */
  async type(chatId: number): Promise<void> {
    await this.page.evaluate(async (chat_id) => {
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
    this.journal.counts.typing += 1;
  }
}
