/** Letters and digits are told by `code`: they stay where they are whatever the keyboard's language. */
export interface Key {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing?: boolean;
}

export type GlobalAction =
  | { do: 'search' }
  | { do: 'chat'; step: 1 | -1; unread: boolean }
  | { do: 'folder'; index: number }
  | { do: 'region'; step: 1 | -1 }
  | { do: 'escape' }
  | { do: 'shortcuts' };

export interface Surroundings {
  /** ⌘ in place of Ctrl. */
  isMac: boolean;
  /** An installed app has Ctrl+1 … 4 to itself; in a tab they are the browser's. */
  isInstalled: boolean;
}

function plain(key: Key): boolean {
  return !key.ctrlKey && !key.metaKey && !key.altKey;
}

export function commandKey(key: Key, isMac: boolean): boolean {
  return isMac ? key.metaKey && !key.ctrlKey : key.ctrlKey && !key.metaKey;
}

/** What a key does wherever the focus is. */
export function globalAction(key: Key, { isMac, isInstalled }: Surroundings): GlobalAction | null {
  if (key.isComposing) return null;
  if (key.key === 'Escape') return plain(key) ? { do: 'escape' } : null;
  if (key.key === 'F6') return plain(key) ? { do: 'region', step: key.shiftKey ? -1 : 1 } : null;
  if (key.altKey && !key.ctrlKey && !key.metaKey && (key.code === 'ArrowUp' || key.code === 'ArrowDown'))
    return { do: 'chat', step: key.code === 'ArrowUp' ? -1 : 1, unread: key.shiftKey };
  if (!commandKey(key, isMac) || key.altKey || key.shiftKey) return null;
  if (key.code === 'KeyK') return { do: 'search' };
  if (key.code === 'Slash') return { do: 'shortcuts' };
  const digit = /^Digit([1-4])$/.exec(key.code);
  return digit && isInstalled ? { do: 'folder', index: Number(digit[1]) - 1 } : null;
}

export type ComposerAction = 'send' | 'newline' | 'edit-last' | 'reply-older' | 'reply-newer';

/** What a key does in the composer; null leaves it to the text field. */
export function composerAction(
  key: Key,
  { isMac, enterSends, arrowUpEdits, isEmpty, isTouch }: { isMac: boolean; enterSends: boolean; arrowUpEdits: boolean; isEmpty: boolean; isTouch: boolean },
): ComposerAction | null {
  // During composition Enter chooses a candidate.
  if (key.isComposing) return null;
  if (key.key === 'Enter') {
    if (key.shiftKey || key.altKey) return null;
    const withCommand = key.ctrlKey || key.metaKey;
    if (enterSends && !isTouch) return withCommand ? 'newline' : 'send';
    return withCommand ? 'send' : null;
  }
  if (key.key !== 'ArrowUp' && key.key !== 'ArrowDown') return null;
  const isUp = key.key === 'ArrowUp';
  if (commandKey(key, isMac) && !key.shiftKey && !key.altKey) return isUp ? 'reply-older' : 'reply-newer';
  return isUp && plain(key) && !key.shiftKey && isEmpty && arrowUpEdits ? 'edit-last' : null;
}

export type MessageAction = 'menu' | 'reply' | 'edit' | 'copy' | 'delete' | { move: 'previous' | 'next' | 'first' | 'last' | 'page-up' | 'page-down' };

const MOVES: Record<string, Extract<MessageAction, object>['move']> = {
  ArrowUp: 'previous', ArrowDown: 'next', Home: 'first', End: 'last', PageUp: 'page-up', PageDown: 'page-down',
};
const LETTERS: Record<string, MessageAction> = { KeyR: 'reply', KeyE: 'edit', KeyC: 'copy' };

/** What a key does on a focused message. */
export function messageAction(key: Key): MessageAction | null {
  if (key.isComposing) return null;
  if (key.key === 'ContextMenu' || (key.key === 'F10' && key.shiftKey)) return 'menu';
  if (!plain(key) || key.shiftKey) return null;
  if (key.key === 'Enter') return 'menu';
  if (key.key === 'Delete' || key.key === 'Backspace') return 'delete';
  const move = MOVES[key.key];
  return move ? { move } : (LETTERS[key.code] ?? null);
}

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);
export const isInstalled = (): boolean => window.matchMedia('(display-mode: standalone)').matches;
export const isTouch = (): boolean => window.matchMedia('(pointer: coarse)').matches;
