import { useId, useState, type KeyboardEvent } from 'react';
import { Check, Search, X } from 'lucide-react';
import type { Id, Person } from '../../engine/model.ts';
import { useStrings } from '../../i18n/index.ts';
import { otherOf } from '../../lists/chats.ts';
import { usePeopleSearch } from '../list/Search.tsx';
import { useMe, useStore } from '../store.ts';
import { PersonFace } from './PersonRow.tsx';

const KNOWN = 30;

/** People one already writes with, for before anything is typed. */
function useAcquaintances(): Person[] {
  const order = useStore((s) => s.order);
  const chats = useStore((s) => s.chats);
  const people = useStore((s) => s.people);
  const me = useMe();
  return order.flatMap((id) => {
    const chat = chats[id];
    const other = chat && otherOf(chat, me);
    const person = other == null ? undefined : people[other];
    return person ? [person] : [];
  }).slice(0, KNOWN);
}

interface PeoplePickerProps {
  /** With several: who has been chosen; the choice of one ends at once. */
  chosen?: readonly Person[];
  except?: readonly Id[];
  onToggle: (person: Person) => void;
}

/** Find people by name and choose among them: a combobox whose list is always open. */
export function PeoplePicker({ chosen, except = [], onToggle }: PeoplePickerProps) {
  const t = useStrings();
  const me = useMe();
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const query = text.trim();
  const found = usePeopleSearch(query);
  const acquaintances = useAcquaintances();
  const options = (query ? found.people : acquaintances).filter((person) => person.id !== me && !except.includes(person.id));
  const current = options[Math.min(at, options.length - 1)];
  const isChosen = (person: Person) => chosen?.some((one) => one.id === person.id) ?? false;
  const toggle = (person: Person) => {
    onToggle(person);
    setText('');
    setAt(0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && !event.altKey) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(options.length - 1, at + step)));
    } else if (event.key === 'Enter' && current) {
      event.preventDefault();
      toggle(current);
    } else if (event.key === 'Backspace' && text === '') {
      const last = chosen?.at(-1);
      if (last) onToggle(last);
    }
  };
  const status = found.state === 'searching' ? t.list.searching : found.state === 'failed' ? t.list.searchFailed : options.length > 0 ? '' : query ? t.list.nothingFound(query) : t.people.hint;
  return (
    <div className="picker">
      {chosen && chosen.length > 0 && (
        <ul className="chips" aria-label={t.people.selected(chosen.length)}>
          {chosen.map((person) => (
            <li key={person.id}>
              <button type="button" className="chip" aria-label={t.people.deselect(person.name)} onClick={() => onToggle(person)}>
                <span dir="auto">{person.name}</span>
                <X size={15} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="search">
        <Search size={18} aria-hidden="true" />
        <input
          type="text"
          role="combobox"
          aria-label={t.people.find}
          placeholder={t.people.find}
          aria-expanded={options.length > 0}
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={current ? `${id}-${current.id}` : undefined}
          autoComplete="off"
          spellCheck={false}
          autoFocus
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul id={id} role="listbox" aria-label={t.list.sectionPeople} aria-multiselectable={chosen !== undefined} className="people-list" hidden={options.length === 0}>
        {options.map((person) => (
          <li
            key={person.id}
            id={`${id}-${person.id}`}
            role="option"
            className="person"
            data-current={person === current}
            aria-selected={chosen ? isChosen(person) : person === current}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => toggle(person)}
          >
            <PersonFace person={person} />
            {isChosen(person) && <Check size={20} className="person-check" aria-hidden="true" />}
          </li>
        ))}
      </ul>
      <p className="empty" role="status">{status}</p>
    </div>
  );
}
