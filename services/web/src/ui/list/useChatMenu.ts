import type { Id } from '../../engine/model.ts';
import { RequestError } from '../../engine/engine.ts';
import { strings } from '../../i18n/index.ts';
import { titleOf } from '../../lists/chats.ts';
import { chatPath, go, replace } from '../place.ts';
import { ask, openMenu, toast, useEngine, type MenuItem } from '../store.ts';

const CONFLICT = 409;

/** What can be done with a chat: pin, mute, see its people, leave. */
export function useChatCommands() {
  const engine = useEngine();
  const failed = (error: unknown) => {
    const t = strings();
    toast(error instanceof RequestError && error.status === CONFLICT ? t.list.pinLimit : t.info.failed);
  };
  return {
    setPinned: (id: Id, pinned: boolean) => void engine.setPinned(id, pinned).catch(failed),
    setMuted: (id: Id, muted: boolean) => void engine.setMuted(id, muted).catch(() => toast(strings().info.failed)),
    leave: (id: Id) => {
      const t = strings();
      const { chats, people, me } = engine.store.getState();
      const chat = chats[id];
      if (!chat) return;
      ask({
        title: t.info.leaveTitle,
        text: t.info.leaveText(titleOf(chat, me?.id ?? 0, people, t)),
        yes: t.info.leave,
        isDanger: true,
        run: () => void engine.leave(id).then(() => replace('/'), () => toast(t.info.failed)),
      });
    },
  };
}

/** The same as a menu. */
export function useChatMenu(): (id: Id, at: { x: number; y: number; returnTo: HTMLElement | null }) => void {
  const engine = useEngine();
  const { setPinned, setMuted, leave } = useChatCommands();
  return (id, at) => {
    const t = strings();
    const chat = engine.store.getState().chats[id];
    if (!chat) return;
    const { pinned, muted } = chat;
    const items: MenuItem[] = [
      { key: 'info', label: chat.type === 'group' ? t.info.group : t.info.person, icon: 'info', run: () => go(`${chatPath(id)}#info`) },
      { key: 'pin', label: pinned ? t.list.unpin : t.list.pin, icon: pinned ? 'unpin' : 'pin', run: () => setPinned(id, !pinned) },
      { key: 'mute', label: muted ? t.list.unmute : t.list.mute, icon: muted ? 'unmute' : 'mute', run: () => setMuted(id, !muted) },
    ];
    if (chat.type === 'group' && chat.member) items.push({ key: 'leave', label: t.info.leave, icon: 'leave', isDanger: true, run: () => leave(id) });
    openMenu({ ...at, label: t.chat.actions, items });
  };
}
