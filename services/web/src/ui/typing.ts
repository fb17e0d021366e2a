import { useEffect, useState } from 'react';
import type { Id } from '../engine/model.ts';
import { firstName, nameOf } from '../lists/chats.ts';
import { useStrings } from '../i18n/index.ts';
import { useStore } from './store.ts';

const NOBODY: Id[] = [];

/** Who is typing in a chat now. Their time runs out by itself. */
export function useTyping(chatId: Id): Id[] {
  const typing = useStore((s) => s.typing[chatId]);
  const me = useStore((s) => s.me?.id);
  const [now, setNow] = useState(0);
  useEffect(() => {
    const ends = Object.values(typing ?? {}).filter((end) => end > Date.now());
    if (ends.length === 0) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(...ends) - Date.now() + 50);
    return () => clearTimeout(timer);
  }, [typing, now]);
  if (!typing) return NOBODY;
  const active = Object.entries(typing).filter(([person, end]) => end > now && Number(person) !== me);
  return active.length === 0 ? NOBODY : active.map(([person]) => Number(person));
}

/** "Anna and Boris are typing"; in a private chat it is clear who. */
export function useTypingText(people: Id[], isGroup: boolean): string {
  const t = useStrings();
  const known = useStore((s) => s.people);
  const [a, b] = people.map((id) => firstName(nameOf(known, id, t)));
  if (!isGroup || a === undefined) return t.chat.typing;
  if (b === undefined) return t.chat.typingOne(a);
  return people.length === 2 ? t.chat.typingTwo(a, b) : t.chat.typingMany(people.length);
}
