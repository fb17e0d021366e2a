import { Check, CheckCheck, CircleAlert, Clock3 } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import type { Tick } from '../../lists/rows.ts';
import type { Strings } from '../../i18n/index.ts';

export function tickLabel(tick: Tick, t: Strings): string {
  const { pending, failed, sent, seenBySome, read } = t.message;
  return { none: '', pending, failed, sent, some: seenBySome, all: read }[tick];
}

/** How far an own message has come. Always as wide, so that nothing moves when it comes further. */
export function Ticks({ tick }: { tick: Tick }) {
  const t = useStrings();
  if (tick === 'none') return null;
  const label = tick === 'pending' ? t.connection.waitingForNetwork : tickLabel(tick, t);
  return (
    <span className={`ticks ${tick}`} role="img" aria-label={tickLabel(tick, t)} title={label}>
      {tick === 'pending' && <Clock3 size={13} strokeWidth={2.2} />}
      {tick === 'failed' && <CircleAlert size={15} strokeWidth={2.4} />}
      {tick === 'sent' && <Check size={16} strokeWidth={2.2} />}
      {(tick === 'some' || tick === 'all') && <CheckCheck size={16} strokeWidth={2.2} />}
    </span>
  );
}
