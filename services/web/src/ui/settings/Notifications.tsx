import { useState } from 'react';
import { useStrings } from '../../i18n/index.ts';
import { Switch } from '../parts/Switch.tsx';
import { useEngine, useStore } from '../store.ts';

const isSupported = 'Notification' in globalThis;

export function Notifications() {
  const t = useStrings();
  const engine = useEngine();
  const { notifications, announcements } = useStore((s) => s.settings);
  const [permission, setPermission] = useState(isSupported ? Notification.permission : 'denied');
  const change = (on: boolean) => {
    if (!on || permission === 'granted') {
      engine.changeSettings({ notifications: on });
      return;
    }
    void Notification.requestPermission().then((answer) => {
      setPermission(answer);
      engine.changeSettings({ notifications: answer === 'granted' });
    });
  };
  const hint = !isSupported ? t.settings.unsupported : permission === 'denied' ? t.settings.blocked : t.settings.desktopHint;
  return (
    <div className="card">
      <Switch label={t.settings.desktop} hint={hint} checked={notifications && permission === 'granted'} disabled={permission === 'denied'} onChange={change} />
      <Switch label={t.settings.announcements} hint={t.settings.announcementsHint} checked={announcements} onChange={(on) => engine.changeSettings({ announcements: on })} />
    </div>
  );
}
