import { forwardRef, useEffect, useImperativeHandle, useRef, useState } from 'react';
import { useDates } from '../../i18n/index.ts';
import { useNow } from '../useNow.ts';

const REST_MS = 1400;

export interface DatePillHandle {
  show: (at: number) => void;
}

/** The date of the topmost message, while the list moves. An overlay: it takes no room. */
export const DatePill = forwardRef<DatePillHandle>(function DatePill(_props, ref) {
  const d = useDates();
  const now = useNow();
  const [at, setAt] = useState<number | null>(null);
  const [isShown, setShown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useImperativeHandle(ref, () => ({
    show: (day) => {
      setAt(day);
      setShown(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setShown(false), REST_MS);
    },
  }), []);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div className="date-pill" data-shown={isShown} aria-hidden="true">
      {at !== null && <span className="pill">{d.day(at, now)}</span>}
    </div>
  );
});
