import { lazy } from 'react';

/** The chat's own pane: asked for at the very start, and never waited for by the list of chats. */
const chatView = import('../chat/ChatView.tsx');
chatView.catch(() => undefined); // Whoever renders it is told.
export const ChatView = lazy(() => chatView.then((pane) => ({ default: pane.ChatView })));

/** Parts that nobody needs at once, each a file of its own. */
const parts = {
  menu: () => import('../parts/PopupMenu.tsx'),
  settings: () => import('../settings/SettingsPane.tsx'),
  newChat: () => import('../people/NewChat.tsx'),
  info: () => import('../info/InfoPanel.tsx'),
  seenBy: () => import('../chat/SeenBy.tsx'),
  dialog: () => import('../parts/Dialog.tsx'),
  signedOut: () => import('./SignedOut.tsx'),
  announcer: () => import('./Announcer.tsx'),
};

export const PopupMenu = lazy(parts.menu);
export const SettingsPane = lazy(parts.settings);
export const NewChat = lazy(parts.newChat);
export const InfoPanel = lazy(parts.info);
export const SeenBy = lazy(parts.seenBy);
export const Confirm = lazy(() => parts.dialog().then((part) => ({ default: part.Confirm })));
export const SignedOut = lazy(() => parts.signedOut().then((part) => ({ default: part.SignedOut })));
export const Unreachable = lazy(() => parts.signedOut().then((part) => ({ default: part.Unreachable })));
export const Announcer = lazy(() => parts.announcer().then((part) => ({ default: part.Announcer })));

/** Fetch them when there is nothing else to do, so that the first press finds them. */
export function prefetch(): void {
  const soon = (globalThis as { requestIdleCallback?: (run: () => void) => void }).requestIdleCallback ?? ((run) => setTimeout(run, 2000));
  soon(() => {
    for (const load of Object.values(parts)) load().catch(() => undefined);
  });
}
