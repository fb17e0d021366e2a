import type { Strings } from '../../i18n/index.ts';
import { useStrings } from '../../i18n/index.ts';
import { isMac } from '../keys/keymap.ts';

type Line = readonly [keyof Strings['shortcuts'], ...string[]];

const LINES: readonly Line[] = [
  ['search', 'Mod+K'],
  ['chats', 'Alt+↑', 'Alt+↓'],
  ['unreadChats', 'Alt+Shift+↑', 'Alt+Shift+↓'],
  ['folders', 'Mod+1…4'],
  ['regions', 'F6', 'Shift+F6'],
  ['escape', 'Esc'],
  ['send', 'Enter'],
  ['newLine', 'Shift+Enter'],
  ['editLast', '↑'],
  ['chooseReply', 'Mod+↑', 'Mod+↓'],
  ['walk', 'Shift+Tab', '↑ ↓ Home End PgUp PgDn'],
  ['menu', 'Enter', 'Shift+F10'],
  ['onMessage', 'R', 'E', 'C', 'Del'],
  ['list', 'Mod+/'],
];

export function Shortcuts() {
  const t = useStrings();
  const mod = isMac() ? '⌘' : 'Ctrl';
  return (
    <dl className="card shortcuts">
      {LINES.map(([name, ...keys]) => (
        <div key={name}>
          <dt>{t.shortcuts[name]}</dt>
          <dd>
            {keys.map((key) => <kbd key={key}>{key.replace('Mod', mod)}</kbd>)}
          </dd>
        </div>
      ))}
    </dl>
  );
}
