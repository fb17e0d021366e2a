import { useEffect, useRef } from 'react';

/** What Esc leaves, innermost first. */
const ORDER = ['compose', 'search', 'info', 'position', 'pane', 'chat'] as const;
type Level = (typeof ORDER)[number];

const handlers = new Map<Level, () => boolean>();

/** Take part in Esc: the first that says it did something is the last that is asked. */
export function useEscape(level: Level, run: () => boolean): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const handler = () => latest.current();
    handlers.set(level, handler);
    return () => {
      if (handlers.get(level) === handler) handlers.delete(level);
    };
  }, [level]);
}

export function escape(): boolean {
  return ORDER.some((level) => handlers.get(level)?.() ?? false);
}
