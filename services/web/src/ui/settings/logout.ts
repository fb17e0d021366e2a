import { strings } from '../../i18n/index.ts';
import { ask, toast, useEngine } from '../store.ts';

/** Ask, with the number of messages that would be lost, and log out. */
export function useLogout(): () => void {
  const engine = useEngine();
  return () => {
    const t = strings().settings;
    const lost = engine.unsent().length;
    ask({
      title: t.logoutTitle,
      text: lost > 0 ? t.logoutUnsent(lost) : t.logoutText,
      yes: t.logout,
      isDanger: true,
      run: () => void engine.logout().catch(() => toast(strings().info.failed)),
    });
  };
}
