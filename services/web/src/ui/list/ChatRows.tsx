import { useLayoutEffect, useRef, useState, type MouseEvent, type KeyboardEvent } from 'react';
import type { Id } from '../../engine/model.ts';
import { ChatRow } from './ChatRow.tsx';
import { useChatMenu } from './useChatMenu.ts';

const ROW_PX = 72;
const SPARE = 6;

interface ChatRowsProps {
  ids: readonly Id[];
  active: Id | null;
  onEnd: () => void;
}

/** Rows of one height: only those near the screen are on the page. */
export function ChatRows({ ids, active, onEnd }: ChatRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ start: 0, end: 20 });
  const openChatMenu = useChatMenu();

  const look = () => {
    const el = box.current;
    if (!el) return;
    const start = Math.max(0, Math.floor(el.scrollTop / ROW_PX) - SPARE);
    const end = Math.ceil((el.scrollTop + el.clientHeight) / ROW_PX) + SPARE;
    setRange((old) => (old.start === start && old.end === end ? old : { start, end }));
    if (end >= ids.length) onEnd();
  };
  useLayoutEffect(look);

  useLayoutEffect(() => {
    const el = box.current;
    const index = active === null ? -1 : ids.indexOf(active);
    if (!el || index === -1) return;
    if (index * ROW_PX < el.scrollTop) el.scrollTop = index * ROW_PX;
    else if ((index + 1) * ROW_PX + 12 > el.scrollTop + el.clientHeight) el.scrollTop = (index + 1) * ROW_PX + 12 - el.clientHeight;
    // Only a newly opened chat is brought into view: the reader may have scrolled since.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [active]);

  const menu = (event: MouseEvent | KeyboardEvent, x: number, y: number) => {
    const row = (event.target as Element).closest<HTMLElement>('[data-chat]');
    if (!row) return;
    event.preventDefault();
    openChatMenu(Number(row.dataset['chat']), { x, y, returnTo: row });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = (event.target as Element).closest<HTMLElement>('[data-chat]');
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      const { left, bottom } = row.getBoundingClientRect();
      menu(event, left + 40, bottom - 20);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const index = ids.indexOf(Number(row.dataset['chat'])) + (event.key === 'ArrowDown' ? 1 : -1);
      const next = box.current?.querySelector<HTMLElement>(`[data-chat="${ids[index] ?? ''}"]`);
      if (!next) return;
      event.preventDefault();
      next.focus();
    }
  };

  return (
    <div className="chats" ref={box} onScroll={look} onContextMenu={(event) => menu(event, event.clientX, event.clientY)} onKeyDown={onKeyDown}>
      <ul className="chats-inner" style={{ blockSize: ids.length * ROW_PX + 12 }}>
        {ids.slice(range.start, range.end).map((id, i) => (
          <li key={id} className="slot" style={{ transform: `translateY(${(range.start + i) * ROW_PX + 6}px)` }}>
            <ChatRow id={id} isActive={id === active} />
          </li>
        ))}
      </ul>
    </div>
  );
}
