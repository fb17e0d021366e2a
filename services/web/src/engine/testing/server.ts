import type { SocketLike } from '../environment.ts';
import type { Id } from '../model.ts';
import type { ClientFrame, ServerFrame, VersionedFrame, WireChat, WireMessage } from '../wire.ts';
import type { Clock } from './clock.ts';

interface StoredChat {
  id: Id;
  type: 'private' | 'group';
  title: string | null;
  members: Id[];
  messages: WireMessage[];
  /** By client id: the message, and its text when it was sent. */
  clientIds: Map<string, { message: WireMessage; text: string }>;
  log: ({ version: number; messageId: Id; kind: 'message' | 'message_changed' } | { version: number; kind: 'chat' })[];
  readUpTo: Map<Id, Id>;
  updatedAt: number;
}

/** What may befall frames and answers. */
export interface Faults {
  /** Of a live frame: how often it reaches a socket, and after how many ms each time. */
  deliveries(): number[];
  /** Whether an answer to a send is lost after the send was obeyed. */
  losesAnswer(): boolean;
  /** Instead of an answer; null to obey. */
  intercept(method: string, path: string): Response | 'unreachable' | null;
}

export const NO_FAULTS: Faults = { deliveries: () => [1], losesAnswer: () => false, intercept: () => null };

export class ServerSocket implements SocketLike {
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  isOpen = true;
  received: ClientFrame[] = [];

  constructor(
    private readonly server: ModelServer,
    readonly userId: Id,
  ) {}

  send(text: string): void {
    if (!this.isOpen) return;
    const frame = JSON.parse(text) as ClientFrame;
    this.received.push(frame);
    this.server.clock.setTimeout(() => this.server.obey(this, frame), 1);
  }

  push(frame: ServerFrame): void {
    if (this.isOpen) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The client's end. */
  close(): void {
    this.isOpen = false;
    this.server.sockets.delete(this);
  }

  /** The server's end, or the network's. */
  drop(code = 1006, reason = ''): void {
    if (!this.isOpen) return;
    this.close();
    this.onclose?.({ code, reason });
  }
}

/** The contract in memory, as far as the engine uses it. */
export class ModelServer {
  readonly sockets = new Set<ServerSocket>();
  readonly chats = new Map<Id, StoredChat>();
  readonly requests: string[] = [];
  faults: Faults = NO_FAULTS;
  /** Whether handshakes succeed. */
  accepts = true;
  maxEntries = 500;
  /** Whether `sync` is answered, or refused as unavailable. */
  syncs = true;
  private lastMessage = 100;
  private lastChat = 0;

  constructor(readonly clock: Clock) {}

  // What a test does

  addChat(members: Id[], type: 'private' | 'group' = members.length === 2 ? 'private' : 'group'): StoredChat {
    this.lastChat += 1;
    const chat: StoredChat = {
      id: this.lastChat,
      type,
      title: type === 'group' ? `Group ${this.lastChat}` : null,
      members,
      messages: [],
      clientIds: new Map(),
      log: [{ version: 1, kind: 'chat' }],
      readUpTo: new Map(),
      updatedAt: this.clock.now,
    };
    this.chats.set(chat.id, chat);
    this.tellVersion(chat);
    return chat;
  }

  say(chat: StoredChat, senderId: Id, text: string, clientId: string = crypto.randomUUID()): WireMessage {
    const known = chat.clientIds.get(clientId);
    if (known) return known.message;
    this.lastMessage += 1;
    const message: WireMessage = {
      id: this.lastMessage,
      chat_id: chat.id,
      sender_id: senderId,
      text,
      timestamp: new Date(this.clock.now).toISOString(),
      is_read: false,
      client_id: clientId,
      edited_at: null,
      reply_to_id: null,
      reply_to: null,
      deleted: false,
    };
    chat.messages.push(message);
    chat.clientIds.set(clientId, { message, text });
    chat.readUpTo.set(senderId, message.id);
    chat.updatedAt = this.clock.now;
    chat.log.push({ version: chat.log.length + 1, messageId: message.id, kind: 'message' });
    this.tellVersion(chat);
    return message;
  }

  edit(chat: StoredChat, messageId: Id, text: string): void {
    const message = chat.messages.find((one) => one.id === messageId);
    if (!message || message.deleted) return;
    this.clock.now += 1;
    Object.assign(message, { text, edited_at: new Date(this.clock.now).toISOString() });
    this.changed(chat, messageId);
  }

  remove(chat: StoredChat, messageId: Id): void {
    const message = chat.messages.find((one) => one.id === messageId);
    if (!message || message.deleted) return;
    Object.assign(message, { deleted: true, text: '' });
    this.changed(chat, messageId);
  }

  setMembers(chat: StoredChat, members: Id[]): void {
    const before = chat.members;
    chat.members = members;
    chat.log.push({ version: chat.log.length + 1, kind: 'chat' });
    this.tellVersion(chat, new Set([...before, ...members]));
  }

  read(chat: StoredChat, userId: Id, messageId: Id): void {
    if ((chat.readUpTo.get(userId) ?? 0) >= messageId) return;
    chat.readUpTo.set(userId, messageId);
    for (const member of chat.members) {
      this.tell(member, { type: 'read', chat_id: chat.id, user_id: userId, message_id: messageId });
      this.tell(member, { type: 'is_read', chat_id: chat.id, up_to_message_id: this.readByAll(chat, member) });
    }
  }

  tell(userId: Id, frame: ServerFrame): void {
    for (const socket of this.sockets) {
      if (socket.userId !== userId) continue;
      for (const delay of this.faults.deliveries()) this.clock.setTimeout(() => socket.push(frame), delay);
    }
  }

  dropAll(code = 1006, reason = ''): void {
    for (const socket of [...this.sockets]) socket.drop(code, reason);
  }

  unread(chat: StoredChat, userId: Id): number {
    const mark = chat.readUpTo.get(userId) ?? 0;
    return chat.messages.filter((message) => message.sender_id !== userId && message.id > mark).length;
  }

  posts(): number {
    return this.requests.filter((request) => /^POST \/api\/chats\/\d+\/messages$/.test(request)).length;
  }

  // What clients do

  connect(userId: Id): ServerSocket {
    const socket = new ServerSocket(this, userId);
    this.clock.setTimeout(() => {
      if (!this.accepts) socket.drop();
      if (!socket.isOpen) return;
      this.sockets.add(socket);
      socket.push({ type: 'hello', user_id: userId, connection_id: 'c' });
    }, 1);
    return socket;
  }

  obey(socket: ServerSocket, frame: ClientFrame): void {
    if (!socket.isOpen) return;
    if (frame.type === 'ping') socket.push({ type: 'pong' });
    else if (frame.type === 'sync') this.sync(socket, frame.chats);
    else if (frame.type === 'typing') {
      const chat = this.chats.get(frame.chat_id);
      for (const member of chat?.members ?? []) {
        if (member !== socket.userId) this.tell(member, { ...frame, user_id: socket.userId });
      }
    } else {
      const chat = this.chats.get(frame.chat_id);
      if (chat) this.read(chat, socket.userId, frame.message_id);
    }
  }

  private sync(socket: ServerSocket, asked: Record<string, number>): void {
    if (!this.syncs) {
      socket.push({ type: 'error', code: 'unavailable', detail: 'Nothing was synced.', client_id: null });
      return;
    }
    const synced: Extract<ServerFrame, { type: 'synced' }>['chats'] = {};
    for (const [key, version] of Object.entries(asked)) {
      const chat = this.chats.get(Number(key));
      if (!chat?.members.includes(socket.userId)) {
        const detail = 'There is no such chat.';
        socket.push({ type: 'error', code: 'not_found', detail, client_id: null, chat_id: Number(key) });
        continue;
      }
      const missing = chat.log.slice(version);
      if (missing.length > this.maxEntries) {
        socket.push({ type: 'too_long', chat_id: chat.id, version: chat.log.length });
      } else {
        for (const entry of missing) socket.push(this.frameOf(chat, entry.version, socket.userId));
      }
      synced[key] = {
        version: chat.log.length,
        unread_count: this.unread(chat, socket.userId),
        read_up_to: chat.readUpTo.get(socket.userId) ?? 0,
        read_by_all_up_to: this.readByAll(chat, socket.userId),
      };
    }
    socket.push({ type: 'synced', chats: synced });
  }

  /** The REST calls of one person's browser. */
  async fetch(userId: Id, url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const method = init.method ?? 'GET';
    this.requests.push(`${method} ${pathname}`);
    await new Promise<void>((done) => this.clock.setTimeout(done, 1));
    const instead = this.faults.intercept(method, pathname);
    if (instead === 'unreachable') throw new TypeError('Failed to fetch');
    if (instead) return instead;
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    const answer = this.route(userId, method, pathname, searchParams, body);
    const isSend = method === 'POST' && pathname.endsWith('/messages');
    if (isSend && this.faults.losesAnswer()) throw new TypeError('Failed to fetch');
    return answer;
  }

  private route(
    userId: Id,
    method: string,
    path: string,
    query: URLSearchParams,
    body: Record<string, unknown>,
  ): Response {
    if (path === '/api/bootstrap') return json(this.bootstrap(userId));
    if (path === '/auth/refresh') return json({ expires_in: 300 });
    if (path === '/auth/logout') return new Response(null, { status: 204 });
    if (path === '/api/chats') return json({ items: this.chatsOf(userId), next_cursor: null });
    const [, kind, id, what, item] = path.split('/').slice(1);
    if (kind === 'users') return json(query.get('ids')?.split(',').map((one) => person(Number(one))) ?? []);
    const chat = this.chats.get(Number(id));
    if (!chat?.members.includes(userId)) return problem(404);
    if (kind === 'history') return this.history(chat, userId, query);
    if (what === undefined) return json(this.chatFor(chat, userId));
    if (what === 'messages' && method === 'POST') {
      const message = this.say(chat, userId, String(body.text), String(body.client_id));
      const isSame = chat.clientIds.get(String(body.client_id))?.text === body.text;
      return isSame ? json(this.messageFor(message, userId), 201) : problem(409);
    }
    if (what === 'read') this.read(chat, userId, Number(body.message_id));
    if (what === 'messages' && method === 'DELETE') this.remove(chat, Number(item));
    if (what === 'participants' && method === 'DELETE') {
      this.setMembers(
        chat,
        chat.members.filter((member) => member !== Number(item)),
      );
    }
    return new Response(null, { status: 204 });
  }

  private history(chat: StoredChat, userId: Id, query: URLSearchParams): Response {
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
    return json(page.map((message) => this.messageFor(message, userId)));
  }

  private bootstrap(userId: Id): object {
    const users = [...new Set([...this.chats.values()].flatMap((chat) => chat.members))].map(person);
    const now = new Date(this.clock.now).toISOString();
    return { me: person(userId), chats: this.chatsOf(userId), next_cursor: null, users, server_time: now };
  }

  private chatsOf(userId: Id): WireChat[] {
    const own = [...this.chats.values()].filter((chat) => chat.members.includes(userId));
    return own.sort((one, other) => other.updatedAt - one.updatedAt).map((chat) => this.chatFor(chat, userId));
  }

  private chatFor(chat: StoredChat, userId: Id): WireChat {
    const last = chat.messages.findLast((message) => !message.deleted);
    return {
      ...this.chatForAll(chat),
      last_message: last ? this.messageFor(last, userId) : null,
      unread_count: this.unread(chat, userId),
      read_up_to: chat.readUpTo.get(userId) ?? 0,
      read_by_all_up_to: this.readByAll(chat, userId),
      muted: false,
      pinned: false,
    };
  }

  private chatForAll(chat: StoredChat): WireChat {
    return {
      id: chat.id,
      type: chat.type,
      title: chat.title,
      creator_id: chat.members[0] ?? 0,
      participants: chat.members.map((user_id) => ({
        user_id,
        role: 'member',
        last_read_message_id: chat.readUpTo.get(user_id) ?? 0,
      })),
      participant_count: chat.members.length,
      last_message: null,
      version: chat.log.length,
      updated_at: new Date(chat.updatedAt).toISOString(),
    };
  }

  private readByAll(chat: StoredChat, userId: Id): Id {
    const others = chat.members.filter((member) => member !== userId);
    return others.length === 0 ? 0 : Math.min(...others.map((member) => chat.readUpTo.get(member) ?? 0));
  }

  private messageFor(message: WireMessage, userId: Id): WireMessage {
    const { client_id, ...rest } = message;
    const chat = this.chats.get(message.chat_id);
    const is_read = chat !== undefined && this.readByAll(chat, message.sender_id) >= message.id;
    return { ...rest, is_read, ...(rest.sender_id === userId && { client_id: client_id ?? null }) };
  }

  private frameOf(chat: StoredChat, version: number, userId: Id): VersionedFrame {
    const entry = chat.log[version - 1];
    if (entry === undefined || entry.kind === 'chat') return { type: 'chat', version, chat: this.chatForAll(chat) };
    const message = chat.messages.find((one) => one.id === entry.messageId);
    if (!message) throw new Error('no such message');
    return { type: entry.kind, version, message: this.messageFor(message, userId) };
  }

  private changed(chat: StoredChat, messageId: Id): void {
    chat.log.push({ version: chat.log.length + 1, messageId, kind: 'message_changed' });
    this.tellVersion(chat);
  }

  private tellVersion(chat: StoredChat, to: Iterable<Id> = chat.members): void {
    for (const member of to) this.tell(member, structuredClone(this.frameOf(chat, chat.log.length, member)));
  }
}

export function person(id: Id): { id: Id; username: string; name: string } {
  return { id, username: `user${id}`, name: `User ${id}` };
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

export function problem(status: number, members: object = {}, headers: Record<string, string> = {}): Response {
  const body = { type: 'about:blank', title: `Status ${status}`, status, detail: 'As the test wants it.', ...members };
  return new Response(JSON.stringify(body), { status, headers });
}
