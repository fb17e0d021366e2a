import type { ReactNode } from 'react';
import { ArrowLeft, Bell, CircleHelp, CircleUser, Keyboard, Languages, LogOut, MonitorSmartphone, Palette } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import { useEscape } from '../escape.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { go, goBack } from '../place.ts';
import { About } from './About.tsx';
import { Appearance } from './Appearance.tsx';
import { LanguagePage } from './LanguagePage.tsx';
import { useLogout } from './logout.ts';
import { Notifications } from './Notifications.tsx';
import { OwnFace } from './OwnFace.tsx';
import { Profile } from './Profile.tsx';
import { Sessions } from './Sessions.tsx';
import { Shortcuts } from './Shortcuts.tsx';

const PAGES = [
  ['profile', CircleUser, Profile],
  ['appearance', Palette, Appearance],
  ['language', Languages, LanguagePage],
  ['notifications', Bell, Notifications],
  ['sessions', MonitorSmartphone, Sessions],
  ['shortcuts', Keyboard, Shortcuts],
  ['about', CircleHelp, About],
] as const;

interface PaneProps {
  title: string;
  /** Nothing in it can be pressed: the page itself takes the focus, to be scrolled by keys. */
  isText?: boolean;
  back: () => void;
  children: ReactNode;
}

function Pane({ title, isText = false, back, children }: PaneProps) {
  const t = useStrings();
  useEscape('pane', () => {
    back();
    return true;
  });
  return (
    <div className="pane-left">
      <header className="left-head">
        <IconButton label={t.back} onClick={back}>
          <ArrowLeft size={22} />
        </IconButton>
        <h1 className="left-title">{title}</h1>
      </header>
      <div className="scroll settings" tabIndex={isText ? 0 : undefined} role={isText ? 'region' : undefined} aria-label={isText ? title : undefined}>
        {children}
      </div>
    </div>
  );
}

/** S8: the list of settings, or one of its pages. */
export default function SettingsPane({ page }: { page: string }) {
  const t = useStrings();
  const found = PAGES.find(([name]) => name === page);
  if (!found)
    return (
      <Pane key="all" title={t.settings.title} back={() => goBack('/')}>
        <Root />
      </Pane>
    );
  const [name, , Page] = found;
  return (
    <Pane key={name} title={t.settings[name]} isText={name === 'shortcuts'} back={() => goBack('/settings')}>
      <Page />
    </Pane>
  );
}

function Root() {
  const t = useStrings();
  const logout = useLogout();
  return (
    <>
      <OwnFace />
      <nav className="card" aria-label={t.settings.title}>
        {PAGES.map(([name, Icon]) => (
          <a key={name} className="line" href={`/settings/${name}`} onClick={(event) => { event.preventDefault(); go(`/settings/${name}`); }}>
            <Icon size={21} aria-hidden="true" />
            <span className="line-text">{t.settings[name]}</span>
          </a>
        ))}
      </nav>
      <div className="card">
        <button type="button" className="line danger" onClick={logout}>
          <LogOut size={21} aria-hidden="true" />
          <span className="line-text">{t.settings.logout}</span>
        </button>
      </div>
    </>
  );
}
