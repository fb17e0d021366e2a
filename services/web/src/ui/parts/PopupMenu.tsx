import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type RefObject } from 'react';
import { createPortal } from 'react-dom';
import {
  BellOff, Bell, CheckCheck, Copy, Info, LogOut, MessageCircle, Pencil, Pin, PinOff, Reply, RotateCw, Settings, ShieldCheck, ShieldOff, TextQuote, Trash2, UserMinus, Users,
} from 'lucide-react';
import { useInterface, type MenuItem, type OpenMenu } from '../store.ts';

const ICONS: Record<MenuItem['icon'], typeof Reply> = {
  reply: Reply, copy: Copy, edit: Pencil, delete: Trash2, seen: CheckCheck, quote: TextQuote, retry: RotateCw, pin: Pin, unpin: PinOff, mute: BellOff, unmute: Bell,
  info: Info, leave: LogOut, settings: Settings, chat: MessageCircle, group: Users, admin: ShieldCheck, member: ShieldOff, remove: UserMinus,
};
const MARGIN_PX = 8;

/** Right of and below the point where there is room, left of or above it otherwise, always within the window. */
function place(el: HTMLElement, { x, y }: OpenMenu): void {
  const { offsetWidth: width, offsetHeight: height } = el;
  const isAbove = y + height + MARGIN_PX > window.innerHeight && y - height > MARGIN_PX;
  const left = Math.max(MARGIN_PX, Math.min(x, window.innerWidth - width - MARGIN_PX));
  const top = isAbove ? y - height : Math.max(MARGIN_PX, Math.min(y, window.innerHeight - height - MARGIN_PX));
  el.style.left = `${left}px`;
  el.style.top = `${top}px`;
  el.style.transformOrigin = `${x - left}px ${isAbove ? '100%' : '0'}`;
}

/** The item that a key goes to, by the arrows or by the first letters of its name. */
function goal(event: KeyboardEvent, items: HTMLElement[]): HTMLElement | undefined {
  const at = items.indexOf(document.activeElement as HTMLElement);
  switch (event.key) {
    case 'ArrowDown':
      return items[(at + 1) % items.length];
    case 'ArrowUp':
      return items.at(at <= 0 ? -1 : at - 1);
    case 'Home':
      return items[0];
    case 'End':
      return items.at(-1);
    default:
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.key === ' ') return undefined;
      return [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) => item.textContent.toLocaleLowerCase().startsWith(event.key.toLocaleLowerCase()));
  }
}

interface CloseWatcher {
  onclose: (() => void) | null;
  destroy(): void;
}

/** Close by a press elsewhere and, where browsers tell of it, by a phone's Back. */
function useDismissal(ref: RefObject<HTMLElement | null>, close: () => void): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    const onPress = (event: PointerEvent) => {
      if (!ref.current?.contains(event.target as Node)) latest.current();
    };
    const { CloseWatcher: Watcher } = window as { CloseWatcher?: new () => CloseWatcher };
    const watcher = Watcher && new Watcher();
    if (watcher) watcher.onclose = () => latest.current();
    document.addEventListener('pointerdown', onPress, true);
    return () => {
      document.removeEventListener('pointerdown', onPress, true);
      watcher?.destroy();
    };
  }, [ref]);
}

/**
 * The menu at a point: of a message, a chat, a member. There is one at a time.
 * A native popover: the browser puts it above everything. It closes by Esc, by a press elsewhere and by a phone's Back;
 * not by itself, because it would take the end of the long press that has opened it for a press elsewhere.
 */
export default function PopupMenu({ menu }: { menu: OpenMenu }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const el = ref.current;
    if (!el) return;
    el.showPopover();
    place(el, menu);
    el.querySelector<HTMLElement>('[role=menuitem]')?.focus({ preventScroll: true });
  }, [menu]);
  const close = (focus: boolean) => {
    if (focus) menu.returnTo?.focus({ preventScroll: true });
    useInterface.setState((s) => (s.menu === menu ? { menu: null } : s));
  };
  useDismissal(ref, () => close(false));
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === 'Tab' || event.key === 'Escape') {
      event.preventDefault();
      close(true);
      return;
    }
    const next = goal(event, [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')]);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  const landmark = document.querySelector(':is(main, nav):not([inert])') ?? document.body;
  return createPortal(
    <div
      ref={ref}
      popover="manual"
      role="menu"
      className="menu"
      aria-label={menu.label}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => event.preventDefault()}
    >
      {menu.items.map((item) => {
        const Icon = ICONS[item.icon];
        return (
          <button
            key={item.key}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={`menu-item ${item.isDanger ? 'danger' : ''}`}
            onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}
            onClick={() => {
              close(true);
              item.run();
            }}
          >
            <Icon size={19} aria-hidden="true" />
            <span>{item.label}</span>
            {item.hint && <kbd aria-hidden="true">{item.hint}</kbd>}
          </button>
        );
      })}
    </div>,
    landmark,
  );
}
