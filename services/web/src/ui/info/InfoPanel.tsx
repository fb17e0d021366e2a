import { useEffect, useState } from 'react';
import { AtSign, LogOut, Pencil, X } from 'lucide-react';
import type { Chat } from '../../engine/model.ts';
import { useStrings } from '../../i18n/index.ts';
import { hueOf, otherOf, titleOf } from '../../lists/chats.ts';
import { useEscape } from '../escape.ts';
import { useChatCommands } from '../list/useChatMenu.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { Switch } from '../parts/Switch.tsx';
import { chatPath, goBack } from '../place.ts';
import { toast, useChat, useEngine, useMe, useStore } from '../store.ts';
import { Members } from './Members.tsx';
import { RenameDialog } from './RenameDialog.tsx';

/** S6: a person's profile, or a group with its members. */
export default function InfoPanel({ id }: { id: number }) {
  const t = useStrings();
  const engine = useEngine();
  const chat = useChat(id);
  const close = () => goBack(chatPath(id));
  useEscape('info', () => {
    close();
    return true;
  });
  const isGroup = chat?.type === 'group';
  useEffect(() => {
    if (isGroup) engine.loadParticipants(id).catch(() => toast(t.info.loadFailed));
  }, [engine, id, isGroup, t]);
  if (!chat) return null;
  return (
    <>
      <header className="head info-head">
        <IconButton label={t.close} onClick={close} autoFocus>
          <X size={22} />
        </IconButton>
        <h2>{isGroup ? t.info.group : t.info.person}</h2>
      </header>
      <div className="scroll">
        <Face chat={chat} />
        <Lines chat={chat} />
        {isGroup && <Members chat={chat} />}
      </div>
    </>
  );
}

function Face({ chat }: { chat: Chat }) {
  const t = useStrings();
  const me = useMe();
  const people = useStore((s) => s.people);
  const [isRenaming, setRenaming] = useState(false);
  const title = titleOf(chat, me, people, t);
  const role = chat.participants.find((p) => p.userId === me)?.role;
  const canRename = chat.type === 'group' && chat.member && (role === 'creator' || role === 'admin');
  return (
    <div className="face">
      <Avatar title={title} hue={hueOf(chat, me)} size={96} />
      <p className="face-title">
        <span dir="auto">{title}</span>
        {canRename && (
          <IconButton label={t.info.rename} onClick={() => setRenaming(true)}>
            <Pencil size={18} />
          </IconButton>
        )}
      </p>
      {chat.type === 'group' && <p className="quiet">{t.chat.members(chat.participantCount)}</p>}
      {isRenaming && <RenameDialog chatId={chat.id} title={title} onClose={() => setRenaming(false)} />}
    </div>
  );
}

function Lines({ chat }: { chat: Chat }) {
  const t = useStrings();
  const me = useMe();
  const person = useStore((s) => s.people[otherOf(chat, me) ?? 0]);
  const { setMuted, setPinned, leave } = useChatCommands();
  return (
    <div className="card">
      {person && (
        <p className="line">
          <AtSign size={20} aria-hidden="true" />
          <span className="line-text">
            {person.username}
            <small>{t.info.username}</small>
          </span>
        </p>
      )}
      <Switch label={t.info.notifications} checked={!chat.muted} onChange={(on) => setMuted(chat.id, !on)} />
      <Switch label={t.info.pin} checked={chat.pinned} onChange={(on) => setPinned(chat.id, on)} />
      {chat.type === 'group' && chat.member && (
        <button type="button" className="line danger" onClick={() => leave(chat.id)}>
          <LogOut size={20} aria-hidden="true" />
          <span className="line-text">{t.info.leave}</span>
        </button>
      )}
    </div>
  );
}
