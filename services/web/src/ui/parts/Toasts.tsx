import { useEffect, useState } from 'react';
import { X } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import { dropToast, useEngine, useInterface, useStore } from '../store.ts';
import { IconButton } from './IconButton.tsx';

/** What the interface has to say in passing, and the new version that waits. */
export function Toasts() {
  const toasts = useInterface((s) => s.toasts);
  const t = useStrings();
  return (
    <div className="toasts" role="status">
      {toasts.map(({ key, text, action }) => (
        <div key={key} className="toast">
          <span>{text}</span>
          {action && (
            <button
              type="button"
              className="toast-button"
              onClick={() => {
                dropToast(key);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton label={t.close} className="small" onClick={() => dropToast(key)}>
            <X size={16} />
          </IconButton>
        </div>
      ))}
      <UpdateToast />
    </div>
  );
}

const AGAIN_MS = 3_600_000;

/** Waits to be asked: nothing is loaded anew while somebody writes. */
function UpdateToast() {
  const t = useStrings();
  const engine = useEngine();
  const isReady = useStore((s) => s.updateReady);
  const [isPutOff, setPutOff] = useState(false);
  useEffect(() => {
    if (!isPutOff) return;
    const timer = setTimeout(() => setPutOff(false), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isPutOff]);
  if (!isReady || isPutOff) return null;
  return (
    <div className="toast">
      <span>{t.toast.update}</span>
      <button type="button" className="toast-button" onClick={() => engine.applyUpdate()}>
        {t.toast.updateNow}
      </button>
      <button type="button" className="toast-button quiet" onClick={() => setPutOff(true)}>
        {t.toast.later}
      </button>
    </div>
  );
}
