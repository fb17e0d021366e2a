import { useEffect, useState } from 'react';
import type { State } from '../../engine/model.ts';
import { strings } from '../../i18n/index.ts';
import { nameOf } from '../../lists/chats.ts';
import { useEngine } from '../store.ts';

const GATHER_MS = 2000;
const MANY = 3;

/** What others have just written into the open chat. Loaded history is not new. */
export function arrivals(now: State, before: State): string[] {
  const chat = now.active;
  if (chat === null || chat !== before.active || now.phase !== 'ready') return [];
  const window = now.windows[chat];
  const old = before.windows[chat];
  if (!window || !old || window === old || window.hasNewer || old.hasNewer) return [];
  const newest = old.messages.reduce((max, m) => Math.max(max, m.id ?? 0), 0);
  if (newest === 0) return [];
  const t = strings();
  return window.messages
    .filter((m) => (m.id ?? 0) > newest && m.senderId !== now.me?.id)
    .map((m) => t.announce.from(nameOf(now.people, m.senderId, t), m.text));
}

/** Reads new messages of the open chat out, several at once only by their number. */
export function Announcer() {
  const engine = useEngine();
  const [text, setText] = useState('');
  useEffect(() => {
    let recent: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = engine.store.subscribe((now, before) => {
      if (!now.settings.announcements) return;
      const fresh = arrivals(now, before);
      if (fresh.length === 0) return;
      recent.push(...fresh);
      setText(recent.length > MANY ? strings().announce.many(recent.length) : recent.join('\n'));
      clearTimeout(timer);
      timer = setTimeout(() => {
        recent = [];
      }, GATHER_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [engine]);
  return (
    <div className="sr" role="status" aria-live="polite">
      {text}
    </div>
  );
}
