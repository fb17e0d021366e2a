import type { SocketLike } from '../environment.ts';
import type { Id } from '../model.ts';
import type { ClientFrame, ServerFrame, WireMessage } from '../wire.ts';
import type { Clock } from './clock.ts';
import { answerOf } from './rest.ts';
import { frameOf, readByAll, unread, type StoredChat } from './stored.ts';

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
      this.tell(member, { type: 'is_read', chat_id: chat.id, up_to_message_id: readByAll(chat, member) });
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
        for (const entry of missing) socket.push(frameOf(chat, entry.version, socket.userId));
      }
      synced[key] = {
        version: chat.log.length,
        unread_count: unread(chat, socket.userId),
        read_up_to: chat.readUpTo.get(socket.userId) ?? 0,
        read_by_all_up_to: readByAll(chat, socket.userId),
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
    const answer = answerOf(this, { userId, method, path: pathname, query: searchParams, body });
    const isSend = method === 'POST' && pathname.endsWith('/messages');
    if (isSend && this.faults.losesAnswer()) throw new TypeError('Failed to fetch');
    return answer;
  }

  private changed(chat: StoredChat, messageId: Id): void {
    chat.log.push({ version: chat.log.length + 1, messageId, kind: 'message_changed' });
    this.tellVersion(chat);
  }

  private tellVersion(chat: StoredChat, to: Iterable<Id> = chat.members): void {
    for (const member of to) this.tell(member, structuredClone(frameOf(chat, chat.log.length, member)));
  }
}
