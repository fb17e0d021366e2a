import { ArrowLeft, EllipsisVertical } from 'lucide-react';
import type { Chat } from '../../engine/model.ts';
import { useStrings } from '../../i18n/index.ts';
import { hueOf, otherOf, titleOf } from '../../lists/chats.ts';
import { Dots } from '../list/ChatRow.tsx';
import { useChatMenu } from '../list/useChatMenu.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { chatPath, go, goBack } from '../place.ts';
import { useConnectionStatus } from '../shell/ConnectionStrip.tsx';
import { useMe, useStore } from '../store.ts';
import { useTyping, useTypingText } from '../typing.ts';

function Status({ chat }: { chat: Chat }) {
  const t = useStrings();
  const me = useMe();
  const connection = useConnectionStatus();
  const typing = useTyping(chat.id);
  const typingText = useTypingText(typing, chat.type === 'group');
  const username = useStore((s) => s.people[otherOf(chat, me) ?? 0]?.username);
  if (connection !== null) return connection;
  if (typing.length > 0)
    return (
      <span className="typing">
        {typingText}
        <Dots />
      </span>
    );
  if (chat.type === 'group') return t.chat.members(chat.participantCount);
  return username === undefined ? '' : `@${username}`;
}

export function ChatHeader({ chat }: { chat: Chat }) {
  const t = useStrings();
  const me = useMe();
  const people = useStore((s) => s.people);
  const openChatMenu = useChatMenu();
  const title = titleOf(chat, me, people, t);
  return (
    <header className="head">
      <IconButton label={t.back} className="back" onClick={() => goBack('/')}>
        <ArrowLeft size={23} />
      </IconButton>
      <button type="button" className="who" title={t.chat.info} onClick={() => go(`${chatPath(chat.id)}#info`)}>
        <Avatar title={title} hue={hueOf(chat, me)} size={42} />
        <span className="who-text">
          <span className="who-title" dir="auto">{title}</span>
          <small>
            <Status chat={chat} />
          </small>
        </span>
      </button>
      <IconButton
        label={t.chat.actions}
        aria-haspopup="menu"
        onClick={(event) => {
          const { right, bottom } = event.currentTarget.getBoundingClientRect();
          openChatMenu(chat.id, { x: right - 230, y: bottom, returnTo: event.currentTarget });
        }}
      >
        <EllipsisVertical size={21} />
      </IconButton>
    </header>
  );
}
