import { useState } from 'react';
import { EllipsisVertical, UserPlus } from 'lucide-react';
import type { Chat, Participant, Person } from '../../engine/model.ts';
import { strings, useStrings } from '../../i18n/index.ts';
import { nameOf } from '../../lists/chats.ts';
import { useOpenPerson } from '../list/Search.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { PeoplePicker } from '../people/PeoplePicker.tsx';
import { PersonFace } from '../people/PersonRow.tsx';
import { ask, openMenu, toast, useEngine, useMe, useStore, type MenuItem } from '../store.ts';

const RANK = { creator: 0, admin: 1, member: 2 } as const;

/** The members of a group, and what may be done with them. */
export function Members({ chat }: { chat: Chat }) {
  const t = useStrings();
  const me = useMe();
  const people = useStore((s) => s.people);
  const [isAdding, setAdding] = useState(false);
  const role = chat.participants.find((p) => p.userId === me)?.role ?? 'member';
  const isManager = chat.member && role !== 'member';
  const sorted = [...chat.participants].sort(
    (a, b) => RANK[a.role] - RANK[b.role] || nameOf(people, a.userId, t).localeCompare(nameOf(people, b.userId, t)),
  );
  const menuOf = useMemberMenu(chat, role);
  return (
    <section className="card" aria-label={t.info.members}>
      <h3>{t.info.members}</h3>
      {isManager && (
        <button type="button" className="line accent" onClick={() => setAdding(true)}>
          <UserPlus size={20} aria-hidden="true" />
          <span className="line-text">{t.info.add}</span>
        </button>
      )}
      <ul className="people-list">
        {sorted.map((participant) => {
          const person = people[participant.userId] ?? { id: participant.userId, username: '…', name: t.unknownPerson };
          const items = menuOf(participant, person);
          return (
            <li key={person.id} className="person">
              <PersonFace person={person} note={person.id === me ? t.you : undefined} />
              {participant.role !== 'member' && <span className="role">{t.info[participant.role]}</span>}
              {items.length > 0 && (
                <IconButton
                  label={t.info.memberActions(person.name)}
                  aria-haspopup="menu"
                  onClick={(event) => {
                    const { right, bottom } = event.currentTarget.getBoundingClientRect();
                    openMenu({ label: t.info.memberActions(person.name), x: right - 230, y: bottom, items, returnTo: event.currentTarget });
                  }}
                >
                  <EllipsisVertical size={19} />
                </IconButton>
              )}
            </li>
          );
        })}
      </ul>
      {isAdding && <AddMembers chat={chat} onClose={() => setAdding(false)} />}
    </section>
  );
}

function useMemberMenu(chat: Chat, myRole: Participant['role']) {
  const engine = useEngine();
  const me = useMe();
  const openPerson = useOpenPerson();
  const failed = () => toast(strings().info.failed);
  return ({ userId, role }: Participant, person: Person): MenuItem[] => {
    const t = strings().info;
    if (userId === me) return [];
    const items: MenuItem[] = [{ key: 'message', label: t.message, icon: 'chat', run: () => openPerson(userId) }];
    if (!chat.member) return items;
    if (myRole === 'creator' && role !== 'creator') {
      const isAdmin = role === 'admin';
      items.push({
        key: 'role',
        label: isAdmin ? t.dismiss : t.appoint,
        icon: isAdmin ? 'member' : 'admin',
        run: () => void engine.appoint(chat.id, userId, isAdmin ? 'member' : 'admin').catch(failed),
      });
    }
    if (myRole !== 'member' && role !== 'creator')
      items.push({
        key: 'remove',
        label: t.remove,
        icon: 'remove',
        isDanger: true,
        run: () =>
          ask({ title: t.removeTitle(person.name), text: '', yes: t.remove, isDanger: true, run: () => void engine.removeParticipant(chat.id, userId).catch(failed) }),
      });
    return items;
  };
}

function AddMembers({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const t = useStrings();
  const engine = useEngine();
  const [chosen, setChosen] = useState<Person[]>([]);
  const toggle = (person: Person) =>
    setChosen((all) => (all.some((one) => one.id === person.id) ? all.filter((one) => one.id !== person.id) : [...all, person]));
  const add = () => {
    onClose();
    void Promise.allSettled(chosen.map((person) => engine.addParticipant(chat.id, person.id))).then((answers) => {
      if (answers.some((answer) => answer.status === 'rejected')) toast(t.people.addFailed);
    });
  };
  return (
    <Dialog title={t.people.addMembers} className="tall" onClose={onClose}>
      <PeoplePicker chosen={chosen} except={chat.participants.map((p) => p.userId)} onToggle={toggle} />
      <div className="dialog-buttons">
        <button type="button" className="text-button" onClick={onClose}>{t.cancel}</button>
        <button type="button" className="text-button" disabled={chosen.length === 0} onClick={add}>{t.people.add}</button>
      </div>
    </Dialog>
  );
}
