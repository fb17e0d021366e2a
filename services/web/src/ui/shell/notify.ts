import type { Engine } from '../../engine/engine.ts';
import type { Chat, State } from '../../engine/model.ts';
import { strings } from '../../i18n/index.ts';
import { nameOf, titleOf, totalUnread } from '../../lists/chats.ts';
import { chatPath, go } from '../place.ts';

const FOCUS_LOCK = 'focus';
const NOTIFY_LOCK = 'notify';
const HOLD_MS = 1500;

/** While this window has the focus it holds a lock that the others see. */
function holdFocus(): () => void {
  if (!('locks' in navigator)) return () => undefined;
  let release: (() => void) | null = null;
  const take = () => {
    if (release || !document.hasFocus()) return;
    const done = new Promise<void>((resolve) => {
      release = resolve;
    });
    void navigator.locks.request(FOCUS_LOCK, { mode: 'shared' }, () => done);
  };
  const drop = () => {
    release?.();
    release = null;
  };
  take();
  window.addEventListener('focus', take);
  window.addEventListener('blur', drop);
  return () => {
    drop();
    window.removeEventListener('focus', take);
    window.removeEventListener('blur', drop);
  };
}

async function isAnyWindowFocused(): Promise<boolean> {
  if (document.hasFocus()) return true;
  if (!('locks' in navigator)) return false;
  const { held } = await navigator.locks.query();
  return held?.some((lock) => lock.name === FOCUS_LOCK) ?? false;
}

/** Chats in which somebody else has just written something that may make itself heard. */
export function heard(now: State, before: State): Chat[] {
  if (!now.settings.notifications || now.chats === before.chats || before.phase !== 'ready' || now.phase !== 'ready') return [];
  return Object.values(now.chats).filter((chat) => {
    const old = before.chats[chat.id];
    const last = chat.lastMessage;
    return !chat.muted && last !== null && last.senderId !== now.me?.id && chat.unread > (old?.unread ?? 0) && last.key !== old?.lastMessage?.key;
  });
}

function show(chat: Chat, state: State): void {
  const t = strings();
  const last = chat.lastMessage;
  if (!last) return;
  const text = chat.type === 'group' ? t.announce.from(nameOf(state.people, last.senderId, t), last.text) : last.text;
  const notification = new Notification(titleOf(chat, state.me?.id ?? 0, state.people, t), { body: text, tag: `chat-${chat.id}`, icon: '/icon-192.png' });
  notification.onclick = () => {
    window.focus();
    go(chatPath(chat.id));
    notification.close();
  };
}

/** One window tells, and only when none is in front. */
async function tell(chat: Chat, state: State): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'granted' || (await isAnyWindowFocused())) return;
  if (!('locks' in navigator)) {
    show(chat, state);
    return;
  }
  await navigator.locks.request(`${NOTIFY_LOCK}-${chat.id}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    show(chat, state);
    await new Promise((resolve) => setTimeout(resolve, HOLD_MS));
  });
}

function setTitle(state: State): void {
  const t = strings();
  const unread = state.phase === 'ready' ? totalUnread(state.chats) : 0;
  const chat = state.active === null ? undefined : state.chats[state.active];
  const name = chat ? titleOf(chat, state.me?.id ?? 0, state.people, t) : t.app;
  const title = unread > 0 ? `(${unread}) ${name}` : name;
  if (document.title === title) return;
  document.title = title;
  // Not every browser has badges, and some have them only when installed.
  const badge = navigator as { setAppBadge?: (n: number) => Promise<void> };
  badge.setAppBadge?.(unread).catch(() => undefined);
}

/** Title, badge and notifications follow the engine. */
export function watch(engine: Engine): () => void {
  const letGo = holdFocus();
  setTitle(engine.store.getState());
  const unsubscribe = engine.store.subscribe((now, before) => {
    setTitle(now);
    for (const chat of heard(now, before)) tell(chat, now).catch(() => undefined);
  });
  return () => {
    letGo();
    unsubscribe();
  };
}
