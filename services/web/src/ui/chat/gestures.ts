import { useEffect, type RefObject } from 'react';

const LONG_PRESS_MS = 500;
const SLACK_PX = 10;
const REPLY_PX = 56;
const MAX_PULL_PX = 84;

/** Few phones have it, and no desktop browser does. */
function tremble(ms: number): void {
  (navigator as { vibrate?: (ms: number) => boolean }).vibrate?.(ms);
}

interface TouchActions {
  /** The finger has rested on a message. */
  press: (message: HTMLElement, x: number, y: number) => void;
  /** A message was pulled to the left far enough. */
  pull: (message: HTMLElement) => void;
}

/** What fingers do on messages: rest on them, or pull them from right to left to reply. */
export function useTouchGestures(pane: RefObject<HTMLElement | null>, actions: RefObject<TouchActions>): void {
  useEffect(() => {
    const el = pane.current;
    if (!el) return;
    let start: { x: number; y: number; message: HTMLElement } | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let pulled = 0;

    const pullTo = (px: number) => {
      if (!start) return;
      if (px >= REPLY_PX && pulled < REPLY_PX) tremble(8);
      pulled = px;
      start.message.style.translate = px > 0 ? `${-px}px 0` : '';
      start.message.classList.toggle('pulled', px >= REPLY_PX);
    };
    const end = () => {
      clearTimeout(timer);
      if (start && pulled >= REPLY_PX) actions.current.pull(start.message);
      pullTo(0);
      start = null;
    };
    const onStart = (event: TouchEvent) => {
      end();
      const touch = event.touches[0];
      const message = (event.target as Element).closest<HTMLElement>('.msg');
      if (!touch || event.touches.length > 1 || !message) return;
      start = { x: touch.clientX, y: touch.clientY, message };
      timer = setTimeout(() => {
        if (!start) return;
        tremble(12);
        actions.current.press(message, touch.clientX, touch.clientY);
        start = null;
      }, LONG_PRESS_MS);
    };
    const onMove = (event: TouchEvent) => {
      const touch = event.touches[0];
      if (!start || !touch) return;
      const dx = start.x - touch.clientX;
      const dy = Math.abs(touch.clientY - start.y);
      if (Math.abs(dx) > SLACK_PX || dy > SLACK_PX) clearTimeout(timer);
      if (pulled === 0 && dy > SLACK_PX) start = null;
      else if (pulled > 0 || dx > SLACK_PX * 1.5) {
        if (event.cancelable) event.preventDefault();
        pullTo(Math.max(1, Math.min(MAX_PULL_PX, dx - SLACK_PX)));
      }
    };
    const onCancel = () => {
      pullTo(0);
      end();
    };
    el.addEventListener('touchstart', onStart, { passive: true });
    el.addEventListener('touchmove', onMove, { passive: false });
    el.addEventListener('touchend', end);
    el.addEventListener('touchcancel', onCancel);
    return () => {
      end();
      el.removeEventListener('touchstart', onStart);
      el.removeEventListener('touchmove', onMove);
      el.removeEventListener('touchend', end);
      el.removeEventListener('touchcancel', onCancel);
    };
  }, [pane, actions]);
}
