import type { Chat, Draft, Id, Message, Person, State } from '../engine/model.ts';
import type { Strings } from '../i18n/index.ts';

export type Folder = 'all' | 'unread' | 'people' | 'groups';
export const FOLDERS: readonly Folder[] = ['all', 'unread', 'people', 'groups'];

/** The other person of a private chat. */
export function otherOf(chat: Chat, me: Id): Id | null {
  if (chat.type !== 'private') return null;
  return chat.participants.find((p) => p.userId !== me)?.userId ?? null;
}

export function nameOf(people: Record<Id, Person>, id: Id, t: Strings): string {
  const person = people[id];
  return person ? person.name || person.username : t.unknownPerson;
}

export function titleOf(chat: Chat, me: Id, people: Record<Id, Person>, t: Strings): string {
  if (chat.title !== null) return chat.title;
  const other = otherOf(chat, me);
  return other === null ? t.deletedChat : nameOf(people, other, t);
}

/** The number that picks an avatar's colour: a person has the same in all places. */
export function hueOf(chat: Chat, me: Id): number {
  return otherOf(chat, me) ?? chat.id + 3;
}

export function firstName(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}

/** What stands in the second line of a chat's row. */
export type Preview =
  | { kind: 'typing'; people: Id[] }
  | { kind: 'draft'; text: string }
  | { kind: 'message'; from: string | null; text: string }
  | { kind: 'none' };

export function previewOf(
  chat: Chat,
  { me, people, draft, typing }: { me: Id; people: Record<Id, Person>; draft: Draft | undefined; typing: Id[]; },
  t: Strings,
): Preview {
  if (typing.length > 0) return { kind: 'typing', people: typing };
  if (draft?.editing === null && draft.text.trim()) return { kind: 'draft', text: oneLine(draft.text) };
  const last = chat.lastMessage;
  if (!last) return { kind: 'none' };
  return { kind: 'message', from: senderInPreview(chat, last, me, people, t), text: oneLine(last.text) };
}

function senderInPreview(chat: Chat, last: Message, me: Id, people: Record<Id, Person>, t: Strings): string | null {
  if (chat.type === 'private') return null;
  return last.senderId === me ? t.you : firstName(nameOf(people, last.senderId, t));
}

function oneLine(text: string): string {
  return text.slice(0, 160).replace(/\s+/g, ' ').trim();
}

/** The chats of a folder, in the order of the list. The opened chat stays among the unread ones until it is left. */
export function chatsIn(folder: Folder, { order, chats, kept }: { order: readonly Id[]; chats: Record<Id, Chat>; kept: Id | null }): Id[] {
  return order.filter((id) => {
    const chat = chats[id];
    if (!chat) return false;
    if (folder === 'unread') return chat.unread > 0 || id === kept;
    if (folder === 'people') return chat.type === 'private';
    return folder === 'all' || chat.type === 'group';
  });
}

/** Unread messages of chats that may make themselves heard: for the title, the badge and the folder tabs. */
export function totalUnread(chats: Record<Id, Chat>): number {
  let sum = 0;
  for (const chat of Object.values(chats)) if (!chat.muted && chat.member) sum += chat.unread;
  return sum;
}

/** Chats whose title has a word that begins with what was typed come first, then those that contain it elsewhere. */
export function searchChats(query: string, state: Pick<State, 'order' | 'chats' | 'people' | 'me'>, t: Strings): Id[] {
  const wanted = fold(query);
  const me = state.me?.id ?? 0;
  const starts: Id[] = [];
  const contains: Id[] = [];
  for (const id of state.order) {
    const chat = state.chats[id];
    if (!chat) continue;
    const title = ` ${fold(titleOf(chat, me, state.people, t))}`;
    if (title.includes(` ${wanted}`)) starts.push(id);
    else if (title.includes(wanted)) contains.push(id);
  }
  return [...starts, ...contains];
}

function fold(text: string): string {
  return text.trim().toLocaleLowerCase().replaceAll('ё', 'е');
}

/** The chat before or after the given one; from nowhere, the first or the last. */
export function neighbour(order: readonly Id[], from: Id | null, step: 1 | -1): Id | null {
  const at = from === null ? -1 : order.indexOf(from);
  if (at === -1) return (step === 1 ? order[0] : order.at(-1)) ?? null;
  return order[at + step] ?? null;
}
