import { useEffect } from 'react';
import { chatsIn, FOLDERS, neighbour } from '../../lists/chats.ts';
import { escape } from '../escape.ts';
import { globalAction, isInstalled, isMac, type GlobalAction } from '../keys/keymap.ts';
import { chatPath, go } from '../place.ts';
import { useEngine, useInterface } from '../store.ts';
import type { Engine } from '../../engine/engine.ts';

/** Parts of the page between which F6 goes, in this order. */
const REGIONS = ['#chats', '#messages', '#composer', '#info'] as const;

function goToRegion(step: 1 | -1): void {
  const regions = REGIONS.flatMap((selector) => {
    const region = document.querySelector<HTMLElement>(selector);
    return region && !region.closest('[inert]') ? [region] : [];
  });
  const focused = document.activeElement;
  const at = regions.findLastIndex((region) => region.contains(focused));
  const next = regions.at((at + step + regions.length) % regions.length);
  if (!next) return;
  const inner = next.matches('textarea') ? next : next.querySelector<HTMLElement>('[aria-current=page], .scroller, a[href], button:not([tabindex="-1"])');
  (inner ?? next).focus();
}

function run(action: GlobalAction, engine: Engine): boolean {
  const { order, chats, active } = engine.store.getState();
  const { folder } = useInterface.getState();
  switch (action.do) {
    case 'search':
      useInterface.setState({ searching: true });
      if (!/^\/(?:c\/|$)/.test(window.location.pathname)) go('/');
      // Not later than the page is drawn: the next key may lead on.
      queueMicrotask(() => document.getElementById('search')?.focus());
      return true;
    case 'chat': {
      const list = chatsIn(action.unread ? 'unread' : folder, { order, chats, kept: active });
      const next = neighbour(list, active, action.step);
      if (next !== null) go(chatPath(next));
      return true;
    }
    case 'folder': {
      const next = FOLDERS[action.index];
      if (next) useInterface.setState({ folder: next });
      return true;
    }
    case 'region':
      goToRegion(action.step);
      return true;
    case 'shortcuts':
      go('/settings/shortcuts');
      return true;
    case 'escape':
      // Dialogs and menus close themselves.
      return document.querySelector('dialog[open]') === null && useInterface.getState().menu === null && escape();
  }
}

/** The keys that work wherever the focus is. */
export function useShortcuts(): void {
  const engine = useEngine();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || engine.store.getState().phase !== 'ready') return;
      const action = globalAction(event, { isMac: isMac(), isInstalled: isInstalled() });
      if (!action) return;
      if (action.do !== 'escape' && document.querySelector('dialog[open]')) return;
      if (run(action, engine)) event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [engine]);
}
