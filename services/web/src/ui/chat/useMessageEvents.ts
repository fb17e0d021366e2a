import { useEffect, useRef, type FocusEvent, type KeyboardEvent, type MouseEvent, type RefObject } from 'react';
import type { Message } from '../../engine/model.ts';
import { strings } from '../../i18n/index.ts';
import type { WindowList } from '../../lists/WindowList.tsx';
import { messageAction, type MessageAction } from '../keys/keymap.ts';
import { openMenu } from '../store.ts';
import { useTouchGestures } from './gestures.ts';
import type { MessageActions } from './messageActions.ts';

interface EventsInput {
  pane: RefObject<HTMLDivElement | null>;
  list: RefObject<WindowList | null>;
  messages: readonly Message[];
  actions: MessageActions;
}

const PAGE = 8;

function articleOf(target: EventTarget): HTMLElement | null {
  return (target as Element).closest<HTMLElement>('.msg');
}

/** Everything that mouse, keys and fingers do on messages, heard in one place. */
export function useMessageEvents({ pane, list, messages, actions }: EventsInput) {
  const messageOf = (article: HTMLElement | null): Message | undefined => {
    const key = article?.closest<HTMLElement>('[data-key]')?.dataset['key'];
    return key === undefined ? undefined : messages.find((m) => m.key === key);
  };
  const showMenu = (article: HTMLElement, x: number, y: number, returnTo: HTMLElement | null) => {
    const message = messageOf(article);
    if (message) openMenu({ label: strings().message.actionsMenu, x, y, items: actions.menuOf(message), returnTo });
  };
  const showMenuBelow = (article: HTMLElement, at: Element, returnTo: HTMLElement) => {
    const { left, bottom } = at.getBoundingClientRect();
    showMenu(article, left, Math.min(bottom, window.innerHeight - 20), returnTo);
  };
  const touch = {
    press: (article: HTMLElement, x: number, y: number) => showMenu(article, x, y, null),
    pull: (article: HTMLElement) => {
      const message = messageOf(article);
      if (message) actions.reply(message);
    },
  };
  const touchActions = useRef(touch);
  useEffect(() => {
    touchActions.current = touch;
  });
  useTouchGestures(pane, touchActions);

  const focusMessage = (step: Extract<MessageAction, object>['move'], from: HTMLElement) => {
    const rows = list.current?.rendered().map((row) => row.querySelector<HTMLElement>('.msg')) ?? [];
    const at = rows.indexOf(from);
    const wanted = { previous: at - 1, next: at + 1, first: 0, last: rows.length - 1, 'page-up': at - PAGE, 'page-down': at + PAGE }[step];
    const next = rows[Math.max(0, Math.min(rows.length - 1, wanted))];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  };

  const run = (action: MessageAction, article: HTMLElement, message: Message) => {
    if (action === 'menu') showMenuBelow(article, article.querySelector('.bubble') ?? article, article);
    else if (action === 'delete') actions.remove(message);
    else if (typeof action === 'object') focusMessage(action.move, article);
    else actions[action](message);
  };

  return {
    onContextMenu: (event: MouseEvent) => {
      const article = articleOf(event.target);
      const isText = window.getSelection()?.isCollapsed === false;
      const isLink = (event.target as Element).closest('a') !== null;
      if (!article || isText || isLink) return;
      event.preventDefault();
      // Fingers have their own way to it; this is a mouse, a pen or a key.
      const isFinger = (event.nativeEvent as PointerEvent).pointerType === 'touch';
      if (!isFinger) showMenu(article, event.clientX, event.clientY, article);
    },
    onDoubleClick: (event: MouseEvent) => {
      const message = messageOf(articleOf(event.target));
      const isButton = (event.target as Element).closest('button, a') !== null;
      if (!message || isButton) return;
      window.getSelection()?.removeAllRanges();
      actions.reply(message);
    },
    onClick: (event: MouseEvent) => {
      const act = (event.target as Element).closest<HTMLElement>('[data-act]');
      const article = articleOf(event.target);
      const message = messageOf(article);
      if (!act || !article || !message) return;
      if (act.dataset['act'] === 'menu') showMenuBelow(article, act, act);
      else if (act.dataset['act'] === 'quote') actions.quoted(message);
      else if (act.dataset['act'] === 'retry') actions.retry(message);
      else if (act.dataset['act'] === 'resend') actions.resend(message);
      else actions.discard(message);
    },
    onKeyDown: (event: KeyboardEvent) => {
      const article = articleOf(event.target);
      const message = messageOf(article);
      if (!article || !message || event.target !== article) return;
      const action = messageAction(event.nativeEvent);
      if (action === null) return;
      event.preventDefault();
      run(action, article, message);
    },
    onFocus: (event: FocusEvent) => {
      const scroller = (event.target).closest<HTMLElement>('.scroller');
      if (!scroller) return;
      if (event.target === scroller) focusLastVisible(list.current);
      else scroller.tabIndex = -1;
    },
    onBlur: (event: FocusEvent) => {
      const scroller = (event.target).closest<HTMLElement>('.scroller');
      if (scroller && !scroller.contains(event.relatedTarget)) scroller.tabIndex = 0;
    },
  };
}

/** The list has one stop for Tab: the newest message on the screen. */
export function focusLastVisible(list: WindowList | null): void {
  const key = list?.halfVisible().at(-1);
  const row = key === undefined ? null : (list?.find(key) ?? null);
  row?.querySelector<HTMLElement>('.msg')?.focus({ preventScroll: true });
}
