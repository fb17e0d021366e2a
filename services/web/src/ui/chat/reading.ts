import { useCallback, useEffect, useRef, type RefObject } from 'react';
import type { Engine } from '../../engine/engine.ts';
import type { Id, Message } from '../../engine/model.ts';
import type { WindowList } from '../../lists/WindowList.tsx';
import { useEngine } from '../store.ts';

const LOOK_MS = 300;

function isWatched(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/** The newest message of somebody else among some, if I have not read it yet. */
function newestUnread(engine: Engine, chatId: Id, keys: Iterable<string>): Id | null {
  const { windows, chats, me } = engine.store.getState();
  const known = new Map<string, Message>(windows[chatId]?.messages.map((m) => [m.key, m]));
  let newest = chats[chatId]?.readUpTo ?? 0;
  let found: Id | null = null;
  for (const key of keys) {
    const message = known.get(key);
    if (!message?.id || message.senderId === me?.id || message.id <= newest) continue;
    newest = message.id;
    found = message.id;
  }
  return found;
}

/**
 * Marks as read what has been half visible for 300 ms in a window that has the focus.
 * @returns what to call whenever other rows may have become visible
 */
export function useReadMarks(chatId: Id, list: RefObject<WindowList | null>, isOpen: boolean): () => void {
  const engine = useEngine();
  const since = useRef(new Map<string, number>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const look = useCallback(() => {
    clearTimeout(timer.current);
    if (!isOpen || !list.current || !isWatched()) {
      since.current.clear();
      return;
    }
    const now = performance.now();
    const visible = list.current.halfVisible();
    const seen = new Map(visible.map((key) => [key, since.current.get(key) ?? now]));
    since.current = seen;
    const ripe = visible.filter((key) => now - (seen.get(key) ?? now) >= LOOK_MS);
    const upTo = newestUnread(engine, chatId, ripe);
    if (upTo !== null) engine.markRead(chatId, upTo);
    const isWaiting = newestUnread(engine, chatId, visible.filter((key) => !ripe.includes(key))) !== null;
    // By the time it runs it has been made.
    // eslint-disable-next-line react-hooks/immutability
    if (isWaiting) timer.current = setTimeout(look, LOOK_MS);
  }, [engine, chatId, list, isOpen]);

  useEffect(() => {
    look();
    window.addEventListener('focus', look);
    window.addEventListener('blur', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer.current);
      window.removeEventListener('focus', look);
      window.removeEventListener('blur', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [look]);
  return look;
}
