import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { ChevronDown } from 'lucide-react';
import type { Chat, Id, Message, MessageWindow } from '../../engine/model.ts';
import { useDates, useStrings } from '../../i18n/index.ts';
import { firstUnread, newestRead, RowBuilder, type Row } from '../../lists/rows.ts';
import { WindowList, type View } from '../../lists/WindowList.tsx';
import { useEscape } from '../escape.ts';
import { useEngine, useInterface, useMe, useStore } from '../store.ts';
import { useNow } from '../useNow.ts';
import { Bubble } from './Bubble.tsx';
import { DatePill, type DatePillHandle } from './DatePill.tsx';
import type { MessageActions } from './messageActions.ts';
import { useReadMarks } from './reading.ts';
import { useMessageEvents } from './useMessageEvents.ts';

const FLASH_MS = 1200;

/** Where chats were left in this session: the first visible message and its distance from the upper edge. */
const places = new Map<Id, { key: string; offset: number }>();

interface MessageListProps {
  chat: Chat;
  title: string;
  window: MessageWindow;
  isOpen: boolean;
  /** The unread divider of this visit: how far I had read when it began; null for none. */
  readUpTo: Id | null;
  list: RefObject<WindowList | null>;
  actions: MessageActions;
  onJump: () => void;
}

function RowView({ row, isGroup }: { row: Row; isGroup: boolean }) {
  const t = useStrings();
  const d = useDates();
  const now = useNow();
  const isFlashing = useInterface((s) => s.flashing === row.key);
  if (row.kind === 'message') return <Bubble row={row} isGroup={isGroup} isFlashing={isFlashing} />;
  if (row.kind === 'unread')
    return (
      <div className="unread" role="separator" aria-label={t.chat.unread}>
        <span>{t.chat.unread}</span>
      </div>
    );
  return (
    <div className="date" role="separator" aria-label={d.day(row.at, now)}>
      <span className="pill">{d.day(row.at, now)}</span>
    </div>
  );
}

/** What stands at an end of the loaded part: more is being loaded, could not be loaded, or there is no more. */
function Edge({ isMore, isBroken, failed, retry, none }: { isMore: boolean; isBroken: boolean; failed: string; retry: () => void; none: ReactNode }) {
  const t = useStrings();
  if (!isMore) return none;
  if (!isBroken)
    return (
      <div className="edge">
        <span className="spinner" role="img" aria-label={t.loading} />
      </div>
    );
  return (
    <div className="edge" role="alert">
      <span className="pill">
        {failed}{' '}
        <button type="button" onClick={retry}>
          {t.retry}
        </button>
      </span>
    </div>
  );
}

/** Whether the frozen read mark lies within what is loaded, so that the divider's place is known. */
function dividerOf({ messages, hasOlder }: MessageWindow, me: Id, readUpTo: Id | null): Id | null {
  if (readUpTo === null) return null;
  const isKnown = !hasOlder || messages.some((m) => m.id !== null && m.id <= readUpTo);
  return isKnown ? firstUnread(messages, me, readUpTo) : null;
}

/** Bring a message onto the screen that somebody has asked for, and mark it for a moment. */
function useTarget(chatId: Id, messages: readonly Message[], list: RefObject<WindowList | null>) {
  const target = useInterface((s) => (s.target?.chatId === chatId ? s.target : null));
  useLayoutEffect(() => {
    const message = target && messages.find((m) => m.id === target.messageId);
    if (!message || !list.current?.reveal(message.key, { at: 'middle', smooth: true })) return;
    useInterface.setState({ target: null, flashing: target.flash ? message.key : null });
  }, [target, messages, list]);
  const flashing = useInterface((s) => s.flashing);
  useEffect(() => {
    if (flashing === null) return;
    const timer = setTimeout(() => useInterface.setState({ flashing: null }), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flashing]);
}

/** Begin at the unread divider, or where the chat was left; at the end otherwise. */
function useBeginning(chatId: Id, rows: Row[], list: RefObject<WindowList | null>) {
  const isPlaced = useRef(false);
  useLayoutEffect(() => {
    if (isPlaced.current || !list.current || rows.length === 0) return;
    isPlaced.current = true;
    if (useInterface.getState().target?.chatId === chatId) return;
    const divider = rows.findIndex((row) => row.kind === 'unread');
    if (divider >= 0) {
      const above = list.current.find(rows[divider - 1]?.key ?? '')?.offsetHeight ?? 0;
      list.current.reveal('unread', { at: 'top', offset: Math.min(above, 160) + 8 });
      return;
    }
    const place = places.get(chatId);
    if (place) list.current.reveal(place.key, { at: 'top', offset: place.offset });
  }, [chatId, rows, list]);
  useLayoutEffect(() => {
    const { current } = list;
    return () => {
      const place = current?.place();
      if (place) places.set(chatId, place);
      else places.delete(chatId);
    };
  }, [chatId, list]);
}

export function MessageList({ chat, title, window: loaded, isOpen, readUpTo, list, actions, onJump }: MessageListProps) {
  const t = useStrings();
  const engine = useEngine();
  const me = useMe();
  const isGroup = chat.type === 'group';
  const someReadUpTo = useStore((s) => (isGroup ? newestRead(s.readBy[chat.id], me) : 0));
  const [builder] = useState(() => new RowBuilder());
  const { messages, hasOlder, hasNewer, loading, error } = loaded;
  const dividerBefore = useMemo(() => dividerOf(loaded, me, readUpTo), [loaded, me, readUpTo]);
  const rows = useMemo(
    () => builder.build({ messages, me, hasOlder, dividerBefore, someReadUpTo }),
    [builder, messages, me, hasOlder, dividerBefore, someReadUpTo],
  );
  const [isAtEnd, setAtEnd] = useState(true);
  const pane = useRef<HTMLDivElement>(null);
  const pill = useRef<DatePillHandle>(null);
  const lookRead = useReadMarks(chat.id, list, isOpen);
  useBeginning(chat.id, rows, list);
  useTarget(chat.id, messages, list);
  const events = useMessageEvents({ pane, list, messages, actions });
  useEffect(lookRead, [rows, lookRead]);
  const canJump = !isAtEnd || hasNewer;
  useEscape('position', () => {
    if (canJump) onJump();
    return canJump;
  });

  const lastFirst = useRef<string | null>(null);
  const onView = useCallback(({ first, atEnd }: View) => {
    setAtEnd(atEnd);
    lookRead();
    const at = first?.kind === 'message' ? first.message.at : first?.kind === 'date' ? first.at : null;
    if (at !== null && first?.key !== lastFirst.current) {
      if (lastFirst.current !== null && !atEnd) pill.current?.show(at);
      lastFirst.current = first?.key ?? null;
    }
  }, [lookRead]);
  const render = useCallback((row: Row) => <RowView row={row} isGroup={isGroup} />, [isGroup]);

  return (
    <div className="pane" ref={pane} {...events}>
      <WindowList
        ref={list}
        rows={rows}
        render={render}
        label={t.regions.messages(title)}
        hasOlder={hasOlder && loading === 'none' && error !== 'older'}
        hasNewer={hasNewer}
        loadOlder={() => engine.loadOlder(chat.id)}
        loadNewer={() => { if (loading === 'none' && error !== 'newer') engine.loadNewer(chat.id); }}
        onView={onView}
        before={<Edge isMore={hasOlder} isBroken={error === 'older'} failed={t.chat.loadOlderFailed} retry={() => engine.loadOlder(chat.id)} none={<div className="edge"><span className="pill">{t.chat.beginning}</span></div>} />}
        after={<Edge isMore={hasNewer} isBroken={error === 'newer'} failed={t.chat.loadNewerFailed} retry={() => engine.loadNewer(chat.id)} none={null} />}
      />
      <DatePill ref={pill} />
      <button
        type="button"
        className="down"
        data-shown={canJump}
        inert={!canJump}
        aria-label={chat.unread > 0 ? t.chat.jumpUnread(chat.unread) : t.chat.jump}
        onClick={onJump}
      >
        <ChevronDown size={27} aria-hidden="true" />
        {chat.unread > 0 && <span className={`badge ${chat.muted ? 'muted' : ''}`}>{chat.unread > 999 ? '999+' : chat.unread}</span>}
      </button>
    </div>
  );
}
