import type { Environment } from './environment.ts';
import type { Settings } from './model.ts';

const KEY = 'messenger.settings';
const USER_KEY = 'messenger.user';

function defaults(env: Environment): Settings {
  return {
    theme: 'system',
    language: env.language,
    textSize: 15,
    reduceMotion: false,
    enterSends: true,
    arrowUpEdits: true,
    notifications: false,
    announcements: true,
  };
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null; // Full or refused: settings then last as long as the page.
  }
}

/** In localStorage, because they are needed before the first paint. */
export function loadSettings(env: Environment): Settings {
  const saved = attempt(() => JSON.parse(env.localStorage?.getItem(KEY) ?? '{}') as Partial<Settings>);
  return { ...defaults(env), ...saved };
}

export function saveSettings(env: Environment, settings: Settings): void {
  attempt(() => env.localStorage?.setItem(KEY, JSON.stringify(settings)));
}

/** Whose data this browser keeps; 0 for nobody's. */
export function loadUser(env: Environment): number {
  return Number(attempt(() => env.localStorage?.getItem(USER_KEY)) ?? 0) || 0;
}

export function saveUser(env: Environment, userId: number): void {
  attempt(() => env.localStorage?.setItem(USER_KEY, String(userId)));
}

/** Forget the person; theme and language belong to the browser. */
export function wipeSettings(env: Environment, { theme, language }: Settings): Settings {
  attempt(() => env.localStorage?.removeItem(USER_KEY));
  attempt(() => env.localStorage?.removeItem(KEY));
  attempt(() => env.localStorage?.setItem(KEY, JSON.stringify({ theme, language })));
  return { ...defaults(env), theme, language };
}
