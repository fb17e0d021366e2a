import { useMemo, useRef } from 'react';
import { Menu, SquarePen, Users } from 'lucide-react';
import type { Id } from '../../engine/model.ts';
import { strings, useStrings } from '../../i18n/index.ts';
import { chatsIn, FOLDERS, totalUnread, type Folder } from '../../lists/chats.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { go } from '../place.ts';
import { ConnectionStrip } from '../shell/ConnectionStrip.tsx';
import { openMenu, useEngine, useInterface, useStore } from '../store.ts';
import { ChatRows } from './ChatRows.tsx';
import { SearchBox, SearchResults, useSearch } from './Search.tsx';

function MainMenuButton() {
  const t = useStrings();
  const open = (button: HTMLElement) => {
    const { left, bottom } = button.getBoundingClientRect();
    const { list, settings } = strings();
    openMenu({
      label: list.menu,
      x: left,
      y: bottom,
      returnTo: button,
      items: [
        { key: 'chat', label: list.newChat, icon: 'chat', run: () => go('/new') },
        { key: 'group', label: list.newGroup, icon: 'group', run: () => go('/new#group') },
        { key: 'settings', label: list.settings, icon: 'settings', run: () => go('/settings') },
        { key: 'about', label: settings.about, icon: 'info', run: () => go('/settings/about') },
      ],
    });
  };
  return (
    <IconButton label={t.list.menu} aria-haspopup="menu" onClick={(event) => open(event.currentTarget)}>
      <Menu size={22} />
    </IconButton>
  );
}

function FolderTabs() {
  const t = useStrings();
  const folder = useInterface((s) => s.folder);
  const unread = useStore((s) => totalUnread(s.chats));
  const tabs = useRef<HTMLDivElement>(null);
  const choose = (next: Folder) => {
    useInterface.setState({ folder: next });
    tabs.current?.querySelector<HTMLElement>(`[data-folder=${next}]`)?.focus();
  };
  return (
    <div
      ref={tabs}
      className="tabs"
      role="tablist"
      aria-label={t.list.folders}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        const next = FOLDERS[FOLDERS.indexOf(folder) + step];
        if (step !== 0 && next && !event.altKey) choose(next);
      }}
    >
      {FOLDERS.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          id={`folder-${one}`}
          data-folder={one}
          aria-selected={one === folder}
          aria-controls="chats-panel"
          tabIndex={one === folder ? 0 : -1}
          onClick={() => choose(one)}
        >
          {t.list[one]}
          {one === 'all' && unread > 0 && <span className="badge">{unread > 999 ? '999+' : unread}</span>}
        </button>
      ))}
    </div>
  );
}

function Empty({ folder }: { folder: Folder }) {
  const t = useStrings();
  if (folder !== 'all') return <p className="empty">{{ unread: t.list.nothingUnread, people: t.list.noPeople, groups: t.list.noGroups }[folder]}</p>;
  return (
    <div className="empty">
      <Users size={72} strokeWidth={1.1} aria-hidden="true" className="empty-picture" />
      <h2>{t.list.emptyTitle}</h2>
      <p>{t.list.emptyText}</p>
      <button type="button" className="button" onClick={() => go('/new')}>
        {t.list.findPeople}
      </button>
    </div>
  );
}

/** Shown after 150 ms while nothing is known yet. */
function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: 8 }, (_, i) => (
        <div key={i}>
          <i />
          <span />
        </div>
      ))}
    </div>
  );
}

function Folders({ active }: { active: Id | null }) {
  const engine = useEngine();
  const folder = useInterface((s) => s.folder);
  const order = useStore((s) => s.order);
  const chats = useStore((s) => s.chats);
  const isLoading = useStore((s) => s.phase === 'loading' && s.order.length === 0);
  const hasMore = useStore((s) => s.moreChats);
  const ids = useMemo(() => chatsIn(folder, { order, chats, kept: active }), [folder, order, chats, active]);
  const isKnown = useStore((s) => s.phase === 'ready');
  return (
    <div id="chats-panel" role="tabpanel" aria-labelledby={`folder-${folder}`} className="chats-panel">
      {isLoading ? <Skeleton /> : ids.length === 0 && isKnown && !hasMore && <Empty folder={folder} />}
      <ChatRows key={folder} ids={ids} active={active} onEnd={() => { if (hasMore) engine.loadMoreChats(); }} />
    </div>
  );
}

/** The left pane: menu, search, folders and the chats in them. */
export function ChatList({ active }: { active: Id | null }) {
  const t = useStrings();
  const search = useSearch();
  return (
    <div className="pane-left">
      <header className="left-head">
        <MainMenuButton />
        <SearchBox search={search} />
      </header>
      <ConnectionStrip />
      {search.isOpen ? (
        <SearchResults search={search} />
      ) : (
        <>
          <FolderTabs />
          <Folders active={active} />
          <IconButton label={t.list.newChat} className="fab" onClick={() => go('/new')}>
            <SquarePen size={23} />
          </IconButton>
        </>
      )}
    </div>
  );
}
