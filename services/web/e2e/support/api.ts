import { randomUUID } from 'node:crypto';
import type { APIResponse, Page } from '@playwright/test';
import { PUBLIC_URL } from './stack.ts';

export interface ServerMessage {
  id: number;
  chat_id: number;
  sender_id: number;
  text: string;
  timestamp: string;
  is_read: boolean;
  deleted: boolean;
  client_id?: string | null;
}

export interface ServerChat {
  id: number;
  title: string | null;
  unread_count: number;
  version: number;
  participants: { user_id: number; last_read_message_id: number }[];
}

const PAGE = 200;

/** What a person could ask of the server with the cookies of their browser: to prepare a test, and to check it. */
export class Api {
  constructor(private readonly page: Page) {}

  /** The caller's id; the profile exists from the first call on. */
  async me(): Promise<number> {
    return ((await this.get('/api/users/me')) as { id: number }).id;
  }

  async privateChat(userId: number): Promise<number> {
    return ((await this.post('/api/chats', { type: 'private', user_id: userId })) as { id: number }).id;
  }

  async group(title: string, userIds: number[]): Promise<number> {
    const body = { type: 'group', title, participant_ids: userIds };
    return ((await this.post('/api/chats', body)) as { id: number }).id;
  }

  async send(chatId: number, text: string, replyTo?: number, clientId = randomUUID()): Promise<ServerMessage> {
    const body = { client_id: clientId, text, ...(replyTo ? { reply_to_id: replyTo } : {}) };
    return (await this.post(`/api/chats/${chatId}/messages`, body)) as ServerMessage;
  }

  async read(chatId: number, messageId: number): Promise<void> {
    await this.post(`/api/chats/${chatId}/read`, { message_id: messageId });
  }

  async chat(chatId: number): Promise<ServerChat> {
    return (await this.get(`/api/chats/${chatId}`)) as ServerChat;
  }

  /** All messages of a chat, oldest first. */
  async history(chatId: number): Promise<ServerMessage[]> {
    const all: ServerMessage[] = [];
    for (;;) {
      const page = (await this.get(`/api/history/${chatId}?limit=${PAGE}&offset=${all.length}`)) as ServerMessage[];
      all.push(...page);
      if (page.length < PAGE) return all;
    }
  }

  async texts(chatId: number): Promise<string[]> {
    return (await this.history(chatId)).map((message) => message.text);
  }

  async get(path: string): Promise<unknown> {
    return this.answer(await this.page.request.get(path));
  }

  async post(path: string, data: object): Promise<unknown> {
    const headers = { Origin: PUBLIC_URL, 'X-CSRF': '1' };
    return this.answer(await this.page.request.post(path, { data, headers }));
  }

  async patch(path: string, data: object): Promise<unknown> {
    const headers = { Origin: PUBLIC_URL, 'X-CSRF': '1' };
    return this.answer(await this.page.request.patch(path, { data, headers }));
  }

  private async answer(response: APIResponse): Promise<unknown> {
    const text = await response.text();
    if (!response.ok()) throw new Error(`${response.url()}: ${response.status()} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}
