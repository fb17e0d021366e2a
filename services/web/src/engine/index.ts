import type { Update } from '../sw/register.ts';
import type { Engine } from './engine.ts';
import { RequestError } from './engine.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import type { DeviceSession, SeenBy } from './model.ts';
import { saveSettings } from './settings.ts';
import { Session } from './session.ts';
import type { WireMessage, WireReaders, WireSession } from './wire.ts';

/** Make the engine; tests replace parts of the browser. */
export function createEngine(env: Environment = browserEnvironment()): Engine {
  const session = new Session(env);
  const { cell } = session.parts;
  let update: Update | null = null;
  return {
    store: cell.store,
    start() {
      session.start();
      env.watchUpdates((found) => {
        update = found;
        cell.set({ updateReady: true });
      });
    },
    stop: () => session.stop(),
    retryStart: () => void session.begin(),
    applyUpdate: () => update?.apply(),
    ...chatCalls(session),
    ...messageCalls(session, env),
    ...groupCalls(session),
    ...deviceCalls(session, env),
  };
}

type Calls<K extends keyof Engine> = Pick<Engine, K>;

function chatCalls(
  session: Session,
): Calls<'openChat' | 'closeChat' | 'loadOlder' | 'loadNewer' | 'jumpTo' | 'jumpToEnd' | 'loadMoreChats'> {
  const { cell, history, directory, timelines } = session.parts;
  const closeChat = () => {
    const { active } = cell.get();
    cell.set({ active: null });
    if (active !== null) directory.closed(active);
  };
  return {
    closeChat,
    openChat(chatId, around) {
      if (cell.get().active !== chatId) closeChat();
      cell.batch(() => {
        cell.set({ active: chatId });
        if (around === undefined) history.open(chatId);
      });
      if (around === undefined) return;
      void history.jumpTo(chatId, around).then(
        (found) => (found ? undefined : timelines.setLoading(chatId, 'none', 'not_found')),
        () => timelines.setLoading(chatId, 'none', 'open'),
      );
    },
    loadOlder: (chatId) => void history.older(chatId),
    loadNewer: (chatId) => void history.newer(chatId),
    jumpTo: (chatId, messageId) => history.jumpTo(chatId, messageId),
    jumpToEnd: (chatId) => history.jumpToEnd(chatId),
    loadMoreChats: () => void directory.loadMore(),
  };
}

function messageCalls(
  session: Session,
  env: Environment,
): Calls<'send' | 'retry' | 'discard' | 'edit' | 'remove' | 'markRead' | 'typing' | 'setDraft' | 'seenBy' | 'unsent'> {
  const { cell, outbox, history, timelines, typing, drafts, api, changes, reading } = session.parts;
  return {
    send(chatId, text, replyTo = null) {
      const trimmed = text.trim();
      if (trimmed === '') return;
      cell.batch(() => {
        outbox.add(chatId, trimmed, replyTo, env.now() + session.clockAhead);
        if (!cell.get().drafts[chatId]?.editing) drafts.set(chatId, { text: '' });
        if (timelines.get(chatId)?.island) history.jumpToEnd(chatId).catch(() => undefined);
      });
      typing.sent(chatId);
    },
    retry: (_chatId, key) => outbox.retry(key),
    discard: (_chatId, key) => outbox.discard(key),
    async edit(chatId, messageId, text) {
      const body = { text: text.trim() };
      const wire = await api.call<WireMessage>('PATCH', `/api/chats/${chatId}/messages/${messageId}`, { body });
      changes.takeEdited(wire);
    },
    async remove(chatId, messageId) {
      await api.call('DELETE', `/api/chats/${chatId}/messages/${messageId}`);
      changes.applyDeletion(chatId, messageId, null);
    },
    markRead: (chatId, messageId) => reading.mark(chatId, messageId),
    typing: (chatId) => typing.tell(chatId),
    setDraft: (chatId, draft) => drafts.set(chatId, draft),
    async seenBy(chatId, messageId): Promise<SeenBy> {
      const wire = await api.get<WireReaders>(`/api/chats/${chatId}/messages/${messageId}/seen`);
      session.parts.people.need([...(wire.seen ?? []).map((one) => one.user_id), ...(wire.not_seen ?? [])]);
      const seen = wire.seen?.map((one) => ({ userId: one.user_id, at: Date.parse(one.at) })) ?? null;
      return { seen, notSeen: wire.not_seen, count: wire.count };
    },
    unsent: () => outbox.unsent(),
  };
}

function groupCalls(
  session: Session,
): Calls<
  | 'loadParticipants'
  | 'createPrivate'
  | 'createGroup'
  | 'renameGroup'
  | 'addParticipant'
  | 'removeParticipant'
  | 'appoint'
  | 'leave'
  | 'setMuted'
  | 'setPinned'
  | 'searchPeople'
> {
  const { directory } = session.parts;
  return {
    async loadParticipants(chatId) {
      if (!(await directory.fetch(chatId))) throw new RequestError(404, 'Not Found', 'There is no such chat.');
    },
    createPrivate: (userId) => directory.create({ type: 'private', user_id: userId }),
    createGroup: (title, userIds) => directory.create({ type: 'group', title, participant_ids: userIds }),
    renameGroup: (chatId, title) => directory.change('PATCH', String(chatId), { title }),
    addParticipant: (chatId, userId) => directory.change('POST', `${chatId}/participants`, { user_id: userId }),
    removeParticipant: (chatId, userId) => directory.removeParticipant(chatId, userId),
    appoint: (chatId, userId, role) => directory.change('PUT', `${chatId}/participants/${userId}`, { role }),
    leave: (chatId) => directory.leave(chatId),
    setMuted: (chatId, muted) => directory.change('PATCH', `${chatId}/settings`, { muted }),
    setPinned: (chatId, pinned) => directory.change('PATCH', `${chatId}/settings`, { pinned }),
    searchPeople: (query, signal) => directory.search(query, signal),
  };
}

function deviceCalls(
  session: Session,
  env: Environment,
): Calls<'sessions' | 'endSession' | 'endOtherSessions' | 'logout' | 'changeSettings'> {
  const { api, cell, tabs } = session.parts;
  return {
    async sessions(): Promise<DeviceSession[]> {
      const wires = await api.get<WireSession[]>('/auth/sessions');
      return wires.map((wire) => ({
        id: wire.id,
        device: wire.device,
        address: wire.address ?? '',
        firstSeen: Date.parse(wire.created_at),
        lastSeen: Date.parse(wire.last_used_at),
        current: wire.current,
      }));
    },
    endSession: (id) => api.call('DELETE', `/auth/sessions/${encodeURIComponent(id)}`),
    endOtherSessions: () => api.call('DELETE', '/auth/sessions?others=true'),
    async logout() {
      await api.post('/auth/logout');
      await session.end('logout', true);
    },
    changeSettings(change) {
      const settings = { ...cell.get().settings, ...change };
      cell.set({ settings });
      saveSettings(env, settings);
      tabs.tell({ kind: 'settings', settings });
    },
  };
}
