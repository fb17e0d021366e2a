import { useEffect, useState } from 'react';
import type { Message, SeenBy as Seen } from '../../engine/model.ts';
import { useDates, useStrings } from '../../i18n/index.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { PersonFace } from '../people/PersonRow.tsx';
import { useEngine, useInterface, useStore } from '../store.ts';
import { useNow } from '../useNow.ts';

/** Who has seen an own message, and when. A sheet on phones. */
export default function SeenBy({ message }: { message: Message }) {
  const t = useStrings();
  const engine = useEngine();
  const [seen, setSeen] = useState<Seen | 'failed' | null>(null);
  const { id, chatId } = message;
  useEffect(() => {
    let isGone = false;
    if (id === null) return;
    engine.seenBy(chatId, id).then(
      (answer) => { if (!isGone) setSeen(answer); },
      () => { if (!isGone) setSeen('failed'); },
    );
    return () => {
      isGone = true;
    };
  }, [engine, chatId, id]);
  return (
    <Dialog title={t.seen.title} className="sheet" onClose={() => useInterface.setState({ seenBy: null })}>
      <div aria-live="polite">
        {seen === null && <p className="quiet">{t.loading}</p>}
        {seen === 'failed' && <p className="danger">{t.seen.failed}</p>}
        {seen !== null && seen !== 'failed' && <SeenLists seen={seen} />}
      </div>
      <form method="dialog" className="dialog-buttons">
        <button type="submit" className="text-button">{t.close}</button>
      </form>
    </Dialog>
  );
}

function SeenLists({ seen }: { seen: Seen }) {
  const t = useStrings();
  const d = useDates();
  const now = useNow();
  const people = useStore((s) => s.people);
  const person = (id: number) => people[id] ?? { id, username: '…', name: t.unknownPerson };
  if (seen.seen === null) return <p>{t.seen.count(seen.count)}</p>;
  return (
    <>
      {seen.seen.length === 0 && <p className="quiet">{t.seen.nobody}</p>}
      <ul className="people-list">
        {seen.seen.map(({ userId, at }) => (
          <li key={userId} className="person"><PersonFace person={person(userId)} note={d.past(at, now)} /></li>
        ))}
      </ul>
      {seen.notSeen !== null && seen.notSeen.length > 0 && (
        <>
          <h3>{t.seen.notYet}</h3>
          <ul className="people-list">
            {seen.notSeen.map((id) => (
              <li key={id} className="person"><PersonFace person={person(id)} /></li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
