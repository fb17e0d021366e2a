import { useEffect, useMemo, useRef, useState } from 'react';
import { Search as SearchIcon, X } from 'lucide-react';
import { RequestError } from '../../engine/engine.ts';
import type { Id, Person } from '../../engine/model.ts';
import { strings, useStrings } from '../../i18n/index.ts';
import { searchChats } from '../../lists/chats.ts';
import { useEscape } from '../escape.ts';
import { PersonRow } from '../people/PersonRow.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { chatPath, go } from '../place.ts';
import { toast, useEngine, useInterface, useStore } from '../store.ts';
import { recentChats, rememberChat } from './recent.ts';
import { ChatRow } from './ChatRow.tsx';

const PAUSE_MS = 200;

export interface Found {
  /** The query that these belong to. */
  query: string;
  people: Person[];
  state: 'none' | 'searching' | 'done' | 'failed';
}

/** People found by name, a moment after the typing pauses; an older search is given up. */
export function usePeopleSearch(query: string): Found {
  const engine = useEngine();
  const [found, setFound] = useState<Found>({ query: '', people: [], state: 'none' });
  useEffect(() => {
    if (!query) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      engine.searchPeople(query, abort.signal).then(
        (people) => setFound({ query, people, state: 'done' }),
        (error: unknown) => {
          if (!abort.signal.aborted) setFound({ query, people: [], state: error instanceof RequestError ? 'failed' : 'done' });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [engine, query]);
  if (!query) return { query, people: [], state: 'none' };
  return found.query === query ? found : { query, people: found.people, state: 'searching' };
}

/** Open the private chat with somebody, made when there is none. */
export function useOpenPerson(): (id: Id) => void {
  const engine = useEngine();
  return (id) => {
    engine.createPrivate(id).then((chat) => go(chatPath(chat)), () => toast(strings().people.createFailed));
  };
}

export interface SearchState {
  isOpen: boolean;
  text: string;
  setText: (text: string) => void;
  close: () => void;
}

export function useSearch(): SearchState {
  const isOpen = useInterface((s) => s.searching);
  const [text, setText] = useState('');
  const close = () => {
    setText('');
    useInterface.setState({ searching: false });
  };
  useEscape('search', () => {
    if (!isOpen) return false;
    close();
    (document.activeElement as HTMLElement | null)?.blur();
    return true;
  });
  return { isOpen, text, setText, close };
}

export function SearchBox({ search }: { search: SearchState }) {
  const t = useStrings();
  const input = useRef<HTMLInputElement>(null);
  const { isOpen, text, setText, close } = search;
  useEffect(() => {
    if (isOpen && document.activeElement !== input.current) input.current?.focus();
  }, [isOpen]);
  return (
    <div className="search" role="search">
      <SearchIcon size={18} aria-hidden="true" />
      <input
        ref={input}
        type="search"
        id="search"
        placeholder={t.list.search}
        aria-label={t.list.search}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onFocus={() => useInterface.setState({ searching: true })}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && !(event.key === 'Enter' && !event.nativeEvent.isComposing)) return;
          const first = document.querySelector<HTMLElement>('.results a, .results button');
          event.preventDefault();
          if (event.key === 'Enter') first?.click();
          else first?.focus();
        }}
      />
      {isOpen && (
        <IconButton label={t.list.clearSearch} className="small" onClick={close}>
          <X size={18} />
        </IconButton>
      )}
    </div>
  );
}

export function SearchResults({ search }: { search: SearchState }) {
  const t = useStrings();
  const query = search.text.trim();
  const found = usePeopleSearch(query);
  const order = useStore((s) => s.order);
  const chats = useStore((s) => s.chats);
  const people = useStore((s) => s.people);
  const me = useStore((s) => s.me);
  const openPerson = useOpenPerson();
  const recent = useMemo(() => recentChats(), []);
  const chatIds = useMemo(() => (query ? searchChats(query, { order, chats, people, me }, t).slice(0, 30) : recent.filter((id) => chats[id])), [query, order, chats, people, me, t, recent]);
  const others = found.people.filter((person) => person.id !== me?.id);
  const isNothing = query !== '' && chatIds.length === 0 && others.length === 0;
  const leave = (id?: Id) => {
    if (id !== undefined) rememberChat(id);
    search.close();
  };
  const move = (target: HTMLElement, step: number) => {
    const all = [...document.querySelectorAll<HTMLElement>('.results a, .results button')];
    const next = all[all.indexOf(target) + step];
    (next ?? document.getElementById('search'))?.focus();
  };
  return (
    <div
      className="results"
      onKeyDown={(event) => {
        if (event.altKey || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
        event.preventDefault();
        move(event.target as HTMLElement, event.key === 'ArrowDown' ? 1 : -1);
      }}
    >
      {chatIds.length > 0 && (
        <section aria-label={query ? t.list.sectionChats : t.list.sectionRecent}>
          <h2>{query ? t.list.sectionChats : t.list.sectionRecent}</h2>
          {chatIds.map((id) => (
            <ChatRow key={id} id={id} isActive={false} onOpen={() => leave(id)} />
          ))}
        </section>
      )}
      {others.length > 0 && (
        <section aria-label={t.list.sectionPeople}>
          <h2>{t.list.sectionPeople}</h2>
          {others.map((person) => (
            <PersonRow key={person.id} person={person} onChoose={() => { leave(); openPerson(person.id); }} />
          ))}
        </section>
      )}
      <p className="empty" role="status">
        {found.state === 'failed' ? t.list.searchFailed : !isNothing ? (query === '' && chatIds.length === 0 ? t.people.hint : '') : found.state === 'searching' ? t.list.searching : t.list.nothingFound(query)}
      </p>
    </div>
  );
}
