import { memo } from 'react';
import { BellOff, Pin } from 'lucide-react';
import type { Id } from '../../engine/model.ts';
import { currentDates, useDates, useStrings } from '../../i18n/index.ts';
import { hueOf, previewOf, titleOf, type Preview } from '../../lists/chats.ts';
import { newestRead, type Tick } from '../../lists/rows.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { tickLabel, Ticks } from '../parts/Ticks.tsx';
import { chatPath, go } from '../place.ts';
import { useChat, useMe, useStore } from '../store.ts';
import { useTyping, useTypingText } from '../typing.ts';
import { useNow } from '../useNow.ts';

/** The ticks of a chat's last message, if it is mine. */
function useLastTick(chatId: Id): Tick {
  return useStore((s) => {
    const chat = s.chats[chatId];
    const last = chat?.lastMessage;
    if (!last || last.senderId !== s.me?.id) return 'none';
    if (last.state !== 'sent') return last.state;
    if (last.isRead) return 'all';
    return chat.type === 'group' && (last.id ?? 0) <= newestRead(s.readBy[chatId], s.me.id) ? 'some' : 'sent';
  });
}

function PreviewLine({ preview, typing }: { preview: Preview; typing: string }) {
  const t = useStrings();
  if (preview.kind === 'typing')
    return (
      <em className="typing">
        {typing}
        <Dots />
      </em>
    );
  if (preview.kind === 'draft')
    return (
      <>
        <em className="draft">{t.list.draft}</em> {preview.text}
      </>
    );
  if (preview.kind === 'none') return t.list.noMessages;
  return (
    <>
      {preview.from !== null && <span className="c-from">{preview.from}: </span>}
      {preview.text}
    </>
  );
}

export const Dots = () => (
  <span className="dots" aria-hidden="true">
    <i />
    <i />
    <i />
  </span>
);

/** One chat in the list: 72 px. */
export const ChatRow = memo(function ChatRow({ id, isActive, onOpen }: { id: Id; isActive: boolean; onOpen?: (() => void) | undefined }) {
  const t = useStrings();
  const d = useDates();
  const now = useNow();
  const me = useMe();
  const chat = useChat(id);
  const people = useStore((s) => s.people);
  const draft = useStore((s) => s.drafts[id]);
  const typing = useTyping(id);
  const typingText = useTypingText(typing, chat?.type === 'group');
  const tick = useLastTick(id);
  if (!chat) return null;
  const title = titleOf(chat, me, people, t);
  const preview = previewOf(chat, { me, people, draft: isActive ? undefined : draft, typing }, t);
  const at = chat.lastMessage?.at ?? chat.updatedAt;
  const label = [
    title,
    chat.muted && t.list.muted,
    chat.unread > 0 && t.list.unreadCount(chat.unread),
    preview.kind === 'message' && t.list.lastMessage(`${preview.from ? `${preview.from}: ` : ''}${preview.text}`),
    preview.kind === 'typing' && typingText,
    preview.kind === 'draft' && `${t.list.draft} ${preview.text}`,
    tickLabel(tick, t),
    currentDates().short(at, now),
  ].filter(Boolean).join(', ');
  return (
    <a
      href={chatPath(id)}
      className="chat"
      data-chat={id}
      aria-current={isActive ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onOpen?.();
        go(chatPath(id));
      }}
    >
      <span className="sr">{label}</span>
      <Avatar title={title} hue={hueOf(chat, me)} />
      <span className="c-main" aria-hidden="true">
        <span className="c-top">
          <span className="c-title" dir="auto">{title}</span>
          {chat.muted && <BellOff size={13} className="c-icon" />}
          <span className="c-when">
            {preview.kind === 'message' && <Ticks tick={tick} />}
            <time>{d.short(at, now)}</time>
          </span>
        </span>
        <span className="c-bottom">
          <span className="c-last" dir="auto">
            <PreviewLine preview={preview} typing={typingText} />
          </span>
          {chat.unread > 0 ? (
            <span className={`badge ${chat.muted ? 'muted' : ''}`}>{chat.unread > 999 ? '999+' : chat.unread}</span>
          ) : (
            chat.pinned && <Pin size={15} className="c-icon" />
          )}
        </span>
      </span>
    </a>
  );
});
