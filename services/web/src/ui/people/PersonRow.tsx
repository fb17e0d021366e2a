import type { ReactNode } from 'react';
import type { Person } from '../../engine/model.ts';
import { Avatar } from '../parts/Avatar.tsx';

interface PersonRowProps {
  person: Person;
  note?: string;
  after?: ReactNode;
  isPressed?: boolean;
  onChoose: () => void;
}

export function PersonFace({ person, note }: { person: Person; note?: string | undefined }) {
  return (
    <>
      <Avatar title={person.name || person.username} hue={person.id} size={42} />
      <span className="person-text">
        <b dir="auto">{person.name || person.username}</b>
        <small>{note ?? `@${person.username}`}</small>
      </span>
    </>
  );
}

/** Somebody who can be chosen. */
export function PersonRow({ person, note, after, isPressed, onChoose }: PersonRowProps) {
  return (
    <button type="button" className="person" aria-pressed={isPressed} onClick={onChoose}>
      <PersonFace person={person} note={note} />
      {after}
    </button>
  );
}
