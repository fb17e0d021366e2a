import { navigate, useLocationProperty } from 'wouter/use-browser-location';
import type { Id } from '../engine/model.ts';

/** Where in the messenger one is: what the left pane shows, and the chat beside it. */
export interface Place {
  pane: 'list' | 'settings' | 'new';
  /** The page of the settings; '' for their list. */
  page: string;
  chat: Id | null;
  message: Id | null;
  /** The part after #: `info` beside a chat, `group` with a new chat. */
  part: string;
}

const CHAT = /^\/c\/(\d{1,15})(?:\/m\/(\d{1,15}))?\/?$/;

export function placeOf(path: string, hash: string): Place {
  const [, chat, message] = CHAT.exec(path) ?? [];
  const [first = '', page = ''] = path.split('/').slice(1);
  return {
    pane: first === 'settings' || first === 'new' ? first : 'list',
    page: first === 'settings' ? page : '',
    chat: chat === undefined ? null : Number(chat),
    message: message === undefined ? null : Number(message),
    part: hash.slice(1),
  };
}

const here = () => window.location.pathname + window.location.hash;

export function usePlace(): Place {
  const [path = '/', hash = ''] = useLocationProperty(here, () => '/').split('#');
  return placeOf(path, `#${hash}`);
}

/** Go somewhere; Back returns. */
export function go(to: string): void {
  if (here() !== to) navigate(to, { state: { isOurs: true } });
}

export function replace(to: string): void {
  navigate(to, { replace: true, state: window.history.state as unknown });
}

/** Leave as the browser's Back would; where this page was the first one opened, go to `fallback`. */
export function goBack(fallback: string): void {
  const state = window.history.state as { isOurs?: boolean } | null;
  if (state?.isOurs) window.history.back();
  else navigate(fallback, { replace: true });
}

export const chatPath = (chat: Id, message?: Id): string => (message === undefined ? `/c/${chat}` : `/c/${chat}/m/${message}`);
