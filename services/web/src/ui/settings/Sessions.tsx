import { useCallback, useEffect, useState } from 'react';
import { Laptop, Smartphone } from 'lucide-react';
import type { DeviceSession } from '../../engine/model.ts';
import { useDates, useStrings } from '../../i18n/index.ts';
import { ask, toast, useEngine } from '../store.ts';
import { useNow } from '../useNow.ts';

type Loaded = DeviceSession[] | 'failed' | null;

function useSessions() {
  const engine = useEngine();
  const [sessions, setSessions] = useState<Loaded>(null);
  const load = useCallback(() => engine.sessions().then(setSessions, () => setSessions('failed')), [engine]);
  useEffect(() => void load(), [load]);
  return { sessions, load };
}

/** Where I am signed in: this device and up to four others, each of which can be ended. */
export function Sessions() {
  const t = useStrings();
  const engine = useEngine();
  const { sessions, load } = useSessions();
  if (sessions === null) return <p className="empty">{t.loading}</p>;
  if (sessions === 'failed')
    return (
      <p className="empty" role="alert">
        {t.settings.sessionsFailed}{' '}
        <button type="button" className="text-button" onClick={() => void load()}>{t.retry}</button>
      </p>
    );
  const others = sessions.filter((one) => !one.current);
  const ended = (end: Promise<void>) =>
    void end.then(() => toast(t.settings.ended), () => toast(t.settings.endFailed)).then(load);
  const endOthers = () =>
    ask({ title: t.settings.endOthersTitle, text: t.settings.endOthersText, yes: t.settings.endOthers, isDanger: true, run: () => ended(engine.endOtherSessions()) });
  return (
    <>
      <section className="card" aria-label={t.settings.thisDevice}>
        <h2 className="section">{t.settings.thisDevice}</h2>
        {sessions.filter((one) => one.current).map((one) => <SessionLine key={one.id} session={one} />)}
        {others.length > 0 && (
          <button type="button" className="line danger" onClick={endOthers}>
            <span className="line-text">{t.settings.endOthers}</span>
          </button>
        )}
      </section>
      <section className="card" aria-label={t.settings.otherDevices}>
        <h2 className="section">
          {t.settings.otherDevices} <span className="quiet">{t.settings.sessionsCount(sessions.length)}</span>
        </h2>
        {others.length === 0 && <p className="hint">{t.settings.noOthers}</p>}
        {others.map((one) => <SessionLine key={one.id} session={one} onEnd={() => ended(engine.endSession(one.id))} />)}
      </section>
      <p className="hint">{t.settings.sessionsHint}</p>
    </>
  );
}

function SessionLine({ session, onEnd }: { session: DeviceSession; onEnd?: () => void }) {
  const t = useStrings();
  const d = useDates();
  const now = useNow();
  const Icon = /android|iphone|ipad|phone|mobile/i.test(session.device) ? Smartphone : Laptop;
  return (
    <div className="line session">
      <Icon size={24} aria-hidden="true" />
      <span className="line-text">
        {session.device}
        <small>{[session.address, t.settings.lastSeen(d.past(session.lastSeen, now))].filter(Boolean).join(' · ')}</small>
        <small>{t.settings.firstSeen(d.past(session.firstSeen, now))}</small>
      </span>
      {onEnd && (
        <button type="button" className="text-button danger" aria-label={t.settings.endSessionOf(session.device)} onClick={onEnd}>
          {t.settings.endSession}
        </button>
      )}
    </div>
  );
}
