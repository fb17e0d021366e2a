import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Chat, Id, Message, Quote } from '../../engine/model.ts';
import { strings, useStrings } from '../../i18n/index.ts';
import { titleOf } from '../../lists/chats.ts';
import type { WindowList } from '../../lists/WindowList.tsx';
import { isTouch } from '../keys/keymap.ts';
import { ErrorBoundary } from '../parts/ErrorBoundary.tsx';
import { goBack } from '../place.ts';
import { toast, useChat, useEngine, useInterface, useMe, useStore } from '../store.ts';
import { ChatHeader } from './ChatHeader.tsx';
import { Composer, type ComposerHandle } from './Composer.tsx';
import { MessageActions } from './messageActions.ts';
import { MessageList } from './MessageList.tsx';
import { focusLastVisible } from './useMessageEvents.ts';

interface ChatViewProps {
  id: Id;
  /** False while it slides away. */
  isOpen: boolean;
}

/** One chat: its header, messages and composer. */
export function ChatView({ id, isOpen }: ChatViewProps) {
  const t = useStrings();
  const chat = useChat(id);
  const error = useStore((s) => s.windows[id]?.error);
  const isBooting = useStore((s) => s.phase === 'loading' || s.connection !== 'online');
  if (chat) return <KnownChat chat={chat} isOpen={isOpen} />;
  if (error !== 'not_found' && isBooting) return <Notice>{<span className="spinner" role="img" aria-label={t.loading} />}</Notice>;
  return (
    <Notice>
      <h1 className="notice-title">{t.chat.notFound}</h1>
      <button type="button" className="button" onClick={() => goBack('/')}>
        {t.chat.toChats}
      </button>
    </Notice>
  );
}

const Notice = ({ children }: { children: ReactNode }) => <div className="notice">{children}</div>;

/** Follow a quote to what it quotes, and the way back. */
function useJumps(id: Id, list: React.RefObject<WindowList | null>) {
  const engine = useEngine();
  const way = useRef<Id[]>([]);
  const jumpTo = (messageId: Id) => {
    void engine.jumpTo(id, messageId).then((isThere) => {
      if (isThere) useInterface.setState({ target: { chatId: id, messageId, flash: true } });
      else toast(strings().chat.messageNotFound);
    }, () => toast(strings().chat.openFailed));
  };
  return {
    toQuoted: (from: Message) => {
      if (from.id !== null) way.current.push(from.id);
      if (from.replyTo) jumpTo(from.replyTo.id);
    },
    /** Back to the reply that was left, then to the divider if it lies below, then to the end. */
    onJump: () => {
      const back = way.current.pop();
      if (back !== undefined) {
        jumpTo(back);
        return;
      }
      const divider = list.current?.find('unread');
      const pane = divider?.closest('.pane')?.getBoundingClientRect();
      if (divider && pane && divider.getBoundingClientRect().top > pane.bottom) {
        list.current?.reveal('unread', { at: 'top', offset: 60 });
        return;
      }
      const toEnd = () => list.current?.toEnd(true);
      if (engine.store.getState().windows[id]?.hasNewer) void engine.jumpToEnd(id).then(toEnd, () => toast(strings().chat.openFailed));
      else toEnd();
    },
    forget: () => {
      way.current = [];
    },
  };
}

/**
 * How far I had read when this visit began; null for no divider. Frozen for the visit; own sending takes it away.
 * What is kept on the device may be old: until the first connection the divider may still come.
 */
function useDivider(chat: Chat): [Id | null, () => void] {
  const isOnline = useStore((s) => s.connection === 'online');
  const markOf = (one: Chat) => (one.unread > 0 ? one.readUpTo : null);
  const [visit, setVisit] = useState({ isSettled: isOnline, readUpTo: markOf(chat) });
  if (isOnline && !visit.isSettled) setVisit({ isSettled: true, readUpTo: visit.readUpTo ?? markOf(chat) });
  return [visit.readUpTo, () => setVisit({ isSettled: true, readUpTo: null })];
}

function KnownChat({ chat, isOpen }: { chat: Chat; isOpen: boolean }) {
  const t = useStrings();
  const engine = useEngine();
  const me = useMe();
  const people = useStore((s) => s.people);
  const { id } = chat;
  const loaded = useStore((s) => s.windows[id]);
  const list = useRef<WindowList>(null);
  const composer = useRef<ComposerHandle>(null);
  const title = titleOf(chat, me, people, t);
  const [readUpTo, forgetDivider] = useDivider(chat);
  const { toQuoted, onJump, forget } = useJumps(id, list);
  const quoted = useRef(toQuoted);
  useEffect(() => {
    quoted.current = toQuoted;
  });
  // Both are looked at when something is done with a message, never while drawing.
  // eslint-disable-next-line react-hooks/refs
  const actions = useMemo(() => new MessageActions(engine, id, () => composer.current, (from) => quoted.current(from)), [engine, id]);

  useEffect(() => {
    if (!isTouch()) composer.current?.focus();
  }, []);

  const send = (text: string, replyTo: Quote | null) => {
    forgetDivider();
    forget();
    list.current?.stick();
    engine.send(id, text, replyTo);
    if (loaded?.hasNewer) void engine.jumpToEnd(id).then(() => list.current?.toEnd(false), () => undefined);
  };

  const messages = loaded?.messages ?? [];
  let body: ReactNode;
  if (messages.length > 0 && loaded)
    body = <MessageList chat={chat} title={title} window={loaded} isOpen={isOpen} readUpTo={readUpTo} list={list} actions={actions} onJump={onJump} />;
  else if (loaded && (loaded.error === 'open' || loaded.error === 'not_found'))
    body = (
      <Notice>
        <p className="pill" role="alert">
          {t.chat.openFailed}{' '}
          <button type="button" onClick={() => engine.openChat(id)}>
            {t.retry}
          </button>
        </p>
      </Notice>
    );
  else if (loaded?.loading === 'none')
    body = (
      <Notice>
        <div className="hello">
          <p>{t.chat.empty}</p>
          {chat.member && (
            <button type="button" className="wave" aria-label={t.chat.sayHi} onClick={() => send('👋', null)}>
              👋
            </button>
          )}
        </div>
      </Notice>
    );
  else
    body = (
      <Notice>
        <span className="spinner late" role="img" aria-label={t.loading} />
      </Notice>
    );

  return (
    <>
      <h1 className="sr">{title}</h1>
      <ChatHeader chat={chat} />
      <ErrorBoundary className="pane">{body}</ErrorBoundary>
      <ErrorBoundary>
        {chat.member ? (
          <Composer ref={composer} chatId={id} messages={messages} onSend={send} onWalk={() => focusLastVisible(list.current)} />
        ) : (
          <p className="not-member">{t.chat.notMember}</p>
        )}
      </ErrorBoundary>
    </>
  );
}
