import type { Id } from '../../engine/model.ts';

const KEY = 'recent-chats';
const LIMIT = 8;

/** The chats that were found last, newest first. Only their numbers are kept. */
export function recentChats(): Id[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id): id is Id => typeof id === 'number') : [];
  } catch {
    return [];
  }
}

export function rememberChat(id: Id): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([id, ...recentChats().filter((one) => one !== id)].slice(0, LIMIT)));
  } catch {
    // Private windows keep nothing.
  }
}

/** They end with the session. */
export function forgetChats(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
