import { Suspense, useEffect, useState } from 'react';
import type { Id } from '../../engine/model.ts';
import { useStrings } from '../../i18n/index.ts';
import { useEscape } from '../escape.ts';
import { ChatList } from '../list/ChatList.tsx';
import { forgetChats } from '../list/recent.ts';
import { ErrorBoundary } from '../parts/ErrorBoundary.tsx';
import { Toasts } from '../parts/Toasts.tsx';
import { go, usePlace, type Place } from '../place.ts';
import { useEngine, useInterface, useStore } from '../store.ts';
import { useAppearance, useVisibleHeight } from './appearance.ts';
import { Announcer, ChatView, Confirm, InfoPanel, NewChat, PopupMenu, prefetch, SeenBy, SettingsPane, SignedOut, Unreachable } from './lazy.ts';
import { useMedia } from './useMedia.ts';
import { useShortcuts } from './useShortcuts.ts';

/** Below, one column is shown at a time. */
const NARROW = '(max-width: 925px)';
const SLIDE_MS = 300;

export function App() {
  const engine = useEngine();
  const phase = useStore((s) => s.phase);
  const isKnown = useStore((s) => s.me !== null);
  useAppearance();
  useVisibleHeight();
  useEffect(() => {
    const watching = import('./notify.ts').then(({ watch }) => watch(engine));
    return () => void watching.then((stop) => stop());
  }, [engine]);
  useEffect(() => {
    if (phase === 'signed-out') {
      forgetChats();
      useInterface.setState({ menu: null, question: null, seenBy: null, searching: false, target: null });
    } else if (phase === 'ready') prefetch();
  }, [phase]);
  if (phase === 'signed-out') return <Suspense><SignedOut /></Suspense>;
  if (phase === 'failed' && !isKnown) return <Suspense><Unreachable /></Suspense>;
  return <Shell />;
}

/** The chat beside the left pane: settings and new chats leave it where it is, where there is room for both. */
function useShownChat(place: Place, isNarrow: boolean): { shown: Id | null; isOpen: boolean } {
  const [last, setLast] = useState<Id | null>(place.chat);
  const wanted = place.chat ?? (place.pane !== 'list' && !isNarrow ? last : null);
  if (wanted !== null && wanted !== last) setLast(wanted);
  // On a phone the chat stays for as long as it slides away.
  useEffect(() => {
    if (wanted !== null || last === null) return;
    const timer = setTimeout(() => setLast(null), SLIDE_MS);
    return () => clearTimeout(timer);
  }, [wanted, last]);
  return { shown: wanted ?? (isNarrow ? last : null), isOpen: wanted !== null };
}

/** The messages if there are any, the part of the page for them otherwise. */
function goToMessages(): void {
  const list = document.querySelector<HTMLElement>('#messages .scroller');
  (list ?? document.getElementById('messages'))?.focus();
}

function Shell() {
  const t = useStrings();
  const engine = useEngine();
  const place = usePlace();
  const isNarrow = useMedia(NARROW);
  const { shown, isOpen } = useShownChat(place, isNarrow);
  const openId = isOpen ? shown : null;
  useShortcuts();
  useEscape('chat', () => {
    if (place.chat === null) return false;
    go('/');
    return true;
  });
  useEffect(() => {
    if (openId === null) {
      engine.closeChat();
      return;
    }
    engine.openChat(openId, place.message ?? undefined);
    if (place.message !== null) useInterface.setState({ target: { chatId: openId, messageId: place.message, flash: true } });
  }, [engine, openId, place.message]);

  const hasInfo = openId !== null && place.part === 'info' && place.chat !== null;
  const isInfoOver = useMedia('(max-width: 1275px)') && hasInfo;
  return (
    <div className="app" data-open={isOpen} data-info={hasInfo}>
      <a className="skip" href="#messages" onClick={(event) => { event.preventDefault(); goToMessages(); }}>
        {t.skip}
      </a>
      <nav id="chats" className="left" aria-label={t.regions.chats} inert={isNarrow && isOpen}>
        <ErrorBoundary>
          <Suspense fallback={<div className="pane-left" />}>
            <LeftPane place={place} active={openId} />
          </Suspense>
        </ErrorBoundary>
      </nav>
      <main id="messages" className="mid paper" tabIndex={-1} inert={isNarrow && ((!isOpen && shown !== null) || isInfoOver)}>
        {shown === null ? <p className="notice"><span className="pill">{t.chat.select}</span></p> : (
          <ErrorBoundary>
            <Suspense>
              <ChatView key={shown} id={shown} isOpen={isOpen} />
            </Suspense>
          </ErrorBoundary>
        )}
      </main>
      {hasInfo && (
        <aside id="info" className="info" aria-label={t.regions.info}>
          <ErrorBoundary>
            <Suspense>
              <InfoPanel key={openId} id={openId} />
            </Suspense>
          </ErrorBoundary>
        </aside>
      )}
      <Overlays />
    </div>
  );
}

function LeftPane({ place, active }: { place: Place; active: Id | null }) {
  const t = useStrings();
  if (place.pane === 'settings') return <SettingsPane page={place.page} />;
  if (place.pane === 'new') return <NewChat key={place.part} isGroup={place.part === 'group'} />;
  return (
    <>
      {active === null && <h1 className="sr">{t.regions.chats}</h1>}
      <ChatList active={active} />
    </>
  );
}

function Overlays() {
  const menu = useInterface((s) => s.menu);
  const seenBy = useInterface((s) => s.seenBy);
  const question = useInterface((s) => s.question);
  return (
    <>
      <Suspense>
        {menu && <PopupMenu key={`${menu.x} ${menu.y}`} menu={menu} />}
        {seenBy && <SeenBy key={seenBy.key} message={seenBy} />}
        {question && <Confirm />}
      </Suspense>
      <Toasts />
      <Suspense>
        <Announcer />
      </Suspense>
    </>
  );
}
