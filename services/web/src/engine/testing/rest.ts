import type { Id } from '../model.ts';
import type { WireChat, WireMessage, WirePerson } from '../wire.ts';
import type { ModelServer } from './server.ts';
import { chatFor, messageFor, type StoredChat } from './stored.ts';

interface Request {
  userId: Id;
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

/** Obey a call and answer it as the gateway would. */
export function answerOf(server: ModelServer, { userId, method, path, query, body }: Request): Response {
  if (path === '/api/bootstrap') return json(bootstrap(server, userId));
  if (path === '/auth/refresh') return json({ expires_in: 300 });
  if (path === '/auth/logout') return new Response(null, { status: 204 });
  if (path === '/api/chats') return json({ items: chatsOf(server, userId), next_cursor: null });
  const [, kind, id, what, item] = path.split('/').slice(1);
  if (kind === 'users') return json(query.get('ids')?.split(',').map((one) => person(Number(one))) ?? []);
  const chat = server.chats.get(Number(id));
  if (!chat?.members.includes(userId)) return problem(404);
  if (kind === 'history') return history(chat, userId, query);
  if (what === undefined) return json(chatFor(chat, userId));
  if (what === 'messages' && method === 'POST') {
    const message = server.say(chat, userId, String(body.text), String(body.client_id));
    const isSame = chat.clientIds.get(String(body.client_id))?.text === body.text;
    return isSame ? json(messageFor(chat, message, userId), 201) : problem(409);
  }
  if (what === 'read') server.read(chat, userId, Number(body.message_id));
  if (what === 'messages' && method === 'DELETE') server.remove(chat, Number(item));
  if (what === 'participants' && method === 'DELETE') {
    server.setMembers(
      chat,
      chat.members.filter((member) => member !== Number(item)),
    );
  }
  return new Response(null, { status: 204 });
}

function history(chat: StoredChat, userId: Id, query: URLSearchParams): Response {
  const limit = Number(query.get('limit') ?? 10);
  const all = chat.messages;
  const [before, after, around] = ['before_id', 'after_id', 'around_id'].map((name) => query.get(name));
  let page: WireMessage[];
  if (around) {
    const place = all.findIndex((message) => message.id === Number(around));
    if (place < 0) return problem(404);
    const from = Math.max(0, place - (limit >> 1));
    page = all.slice(from, from + limit);
  } else if (before) page = all.filter((message) => message.id < Number(before)).slice(-limit);
  else if (after) page = all.filter((message) => message.id > Number(after)).slice(0, limit);
  else page = query.get('order') === 'desc' ? all.slice(-limit).reverse() : all.slice(0, limit);
  return json(page.map((message) => messageFor(chat, message, userId)));
}

function bootstrap(server: ModelServer, userId: Id): object {
  const users = [...new Set([...server.chats.values()].flatMap((chat) => chat.members))].map(person);
  const now = new Date(server.clock.now).toISOString();
  return { me: person(userId), chats: chatsOf(server, userId), next_cursor: null, users, server_time: now };
}

function chatsOf(server: ModelServer, userId: Id): WireChat[] {
  const own = [...server.chats.values()].filter((chat) => chat.members.includes(userId));
  return own.sort((one, other) => other.updatedAt - one.updatedAt).map((chat) => chatFor(chat, userId));
}

function person(id: Id): WirePerson {
  return { id, username: `user${id}`, name: `User ${id}` };
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

export function problem(status: number, members: object = {}, headers: Record<string, string> = {}): Response {
  const body = { type: 'about:blank', title: `Status ${status}`, status, detail: 'As the test wants it.', ...members };
  return new Response(JSON.stringify(body), { status, headers });
}
