import { createContext, useContext } from 'react';
import { useStore as useVanillaStore } from 'zustand';
import { create } from 'zustand';
import type { Engine } from '../engine/engine.ts';
import type { Chat, Id, Message, State } from '../engine/model.ts';
import type { Folder } from '../lists/chats.ts';

export const EngineContext = createContext<Engine | null>(null);

export function useEngine(): Engine {
  const engine = useContext(EngineContext);
  if (!engine) throw new Error('There is no engine around this part.');
  return engine;
}

/** A part of what the engine knows; drawn anew only when that part changes. */
export function useStore<T>(select: (state: State) => T): T {
  return useVanillaStore(useEngine().store, select);
}

export const useMe = (): Id => useStore((s) => s.me?.id ?? 0);
export const useChat = (id: Id): Chat | undefined => useStore((s) => s.chats[id]);

export interface Toast {
  key: number;
  text: string;
  action?: { label: string; run: () => void };
}

/** A question to be answered before something is done for good. */
export interface Question {
  title: string;
  text: string;
  yes: string;
  isDanger: boolean;
  run: () => void;
}

export interface MenuItem {
  key: string;
  label: string;
  icon: 'reply' | 'copy' | 'edit' | 'delete' | 'seen' | 'quote' | 'retry' | 'pin' | 'unpin' | 'mute' | 'unmute' | 'info' | 'leave' | 'settings' | 'chat' | 'group' | 'admin' | 'member' | 'remove';
  hint?: string;
  isDanger?: boolean;
  run: () => void;
}

export interface OpenMenu {
  label: string;
  x: number;
  y: number;
  items: MenuItem[];
  /** Where the focus goes when the menu is closed; it keeps its place when nothing is given. */
  returnTo: HTMLElement | null;
}

/** What the interface keeps for itself: what is open, and what it has to say. */
interface Interface {
  folder: Folder;
  searching: boolean;
  menu: OpenMenu | null;
  question: Question | null;
  seenBy: Message | null;
  toasts: Toast[];
  /** A message to be brought onto the screen as soon as it is loaded; `flash` marks it for a moment. */
  target: { chatId: Id; messageId: Id; flash: boolean } | null;
  /** The message that is marked at the moment, by its key. */
  flashing: string | null;
}

export const useInterface = create<Interface>()(() => ({
  folder: 'all', searching: false, menu: null, question: null, seenBy: null, toasts: [], target: null, flashing: null,
}));

const TOAST_MS = 5000;
let toastKey = 0;

/** Say something for five seconds, or until its action has been taken. */
export function toast(text: string, action?: Toast['action']): void {
  const key = ++toastKey;
  useInterface.setState((s) => ({ toasts: [...s.toasts.slice(-2), action ? { key, text, action } : { key, text }] }));
  setTimeout(() => dropToast(key), action ? TOAST_MS * 2 : TOAST_MS);
}

export function dropToast(key: number): void {
  useInterface.setState((s) => ({ toasts: s.toasts.filter((one) => one.key !== key) }));
}

export const ask = (question: Question): void => useInterface.setState({ question });
export const openMenu = (menu: OpenMenu): void => useInterface.setState({ menu });
