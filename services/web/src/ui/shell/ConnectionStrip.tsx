import { useEffect, useState } from 'react';
import { CloudOff, Hourglass, Info } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import { useStore } from '../store.ts';

const HEADER_AFTER_MS = 1500;
const STRIP_AFTER_MS = 5000;

/** The time, told every second while `until` lies ahead of it. */
function useClock(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const tick = () => setNow(Date.now());
    const first = setTimeout(tick, 0);
    const timer = setInterval(tick, 500);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [isRunning]);
  return now;
}

/** What the header of a chat says instead of its members while there is no connection; null when all is well. */
export function useConnectionStatus(): string | null {
  const t = useStrings();
  const connection = useStore((s) => s.connection);
  const since = useStore((s) => s.awaySince);
  const now = useClock(connection !== 'online');
  if (connection === 'online' || now - since < HEADER_AFTER_MS) return null;
  return connection === 'syncing' ? t.connection.updating : connection === 'offline' ? t.connection.waitingForNetwork : t.connection.connecting;
}

/** What is wrong, if anything: offline, too fast, nothing kept. */
export function ConnectionStrip() {
  const t = useStrings();
  const connection = useStore((s) => s.connection);
  const since = useStore((s) => s.awaySince);
  const pausedUntil = useStore((s) => s.pausedUntil);
  const storage = useStore((s) => s.storage);
  const now = useClock(connection !== 'online' || pausedUntil > 0);
  const seconds = Math.ceil((pausedUntil - now) / 1000);
  let text = '';
  let Icon = CloudOff;
  if (connection === 'offline') text = t.connection.offline;
  else if (seconds > 0) {
    text = t.connection.tooFast(seconds);
    Icon = Hourglass;
  } else if (connection === 'connecting' && now - since > STRIP_AFTER_MS) text = t.connection.reconnecting;
  else if (!storage) {
    text = t.connection.storage;
    Icon = Info;
  }
  return (
    <div className="strip" role="status" data-shown={text !== ''}>
      {text !== '' && (
        <>
          <Icon size={17} aria-hidden="true" />
          <span>{text}</span>
        </>
      )}
    </div>
  );
}
