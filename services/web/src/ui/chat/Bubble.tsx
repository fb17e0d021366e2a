import { memo } from 'react';
import { ChevronDown } from 'lucide-react';
import type { Message, Quote } from '../../engine/model.ts';
import { useDates, useStrings, type Strings } from '../../i18n/index.ts';
import { nameOf } from '../../lists/chats.ts';
import type { MessageRow } from '../../lists/rows.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { tickLabel, Ticks } from '../parts/Ticks.tsx';
import { useMe, useStore } from '../store.ts';
import { colourOf } from '../text/faces.ts';
import { isJumbo } from '../text/linkify.ts';
import { Linked } from '../text/Linked.tsx';

function useName(id: number): string {
  const t = useStrings();
  const me = useMe();
  return useStore((s) => (id === me ? t.you : nameOf(s.people, id, t)));
}

/** Name and text first, then the rest: so it is read out. */
function labelOf({ message, own, tick }: MessageRow, name: string, quoted: string | null, time: string, t: Strings): string {
  const parts = [`${name}: ${message.text}`];
  if (quoted !== null) parts.push(quoted);
  parts.push(time);
  if (message.editedAt !== null) parts.push(t.message.edited);
  if (own) parts.push(tickLabel(tick, t));
  return parts.join(', ');
}

/** What a reply answers to; pressing it goes there. */
function ReplyQuote({ quote, name, t }: { quote: Quote; name: string; t: Strings }) {
  return (
    <button type="button" className="quote" data-act="quote" data-hue={colourOf(quote.senderId)} tabIndex={-1} disabled={quote.text === null}>
      <b dir="auto">{name}</b>
      <span dir="auto">{quote.text ?? t.message.deletedQuote}</span>
    </button>
  );
}

function Failure({ message, t }: { message: Message; t: Strings }) {
  return (
    <div className="failure">
      <span>{message.refusal?.detail ?? t.message.failed}</span>
      <button type="button" data-act="retry">{t.retry}</button>
      <button type="button" data-act="resend">{t.message.edit}</button>
      <button type="button" data-act="discard">{t.message.discard}</button>
    </div>
  );
}

const Tail = () => (
  <svg className="tail" width="9" height="18" viewBox="0 0 9 18" aria-hidden="true">
    <path d="M9 18V0C8.600 7.200 5.800 13.300.4 16.200-.2 16.500 0 18 1 18z" fill="currentColor" />
  </svg>
);

const NO_QUOTE: Quote = { id: 0, senderId: 0, text: null };

/** One message. What happens to it is told by `data-act` and handled by the list. */
export const Bubble = memo(function Bubble({ row, isGroup, isFlashing }: { row: MessageRow; isGroup: boolean; isFlashing: boolean }) {
  const t = useStrings();
  const d = useDates();
  const { message, own, first, last, tick } = row;
  const name = useName(message.senderId);
  const quote = message.replyTo;
  const quotedName = useName((quote ?? NO_QUOTE).senderId);
  const isBig = quote === null && isJumbo(message.text);
  const time = d.time(message.at);
  const hasFace = isGroup && !own;
  const meta = (message.editedAt === null ? '' : `${t.message.edited} `) + time;
  const quoted = quote && t.message.inReplyTo(quotedName, quote.text ?? t.message.deletedQuote);
  const classes = ['msg', own ? 'out' : 'in', first && 'first', last && 'last', isBig && 'big', isFlashing && 'flash', message.id === null && 'unsent'];
  return (
    <article className={classes.filter(Boolean).join(' ')} aria-label={labelOf(row, name, quoted, time, t)} tabIndex={-1} data-id={message.id ?? undefined}>
      {hasFace && <span className="gutter">{last && <Avatar title={name} hue={message.senderId} size={34} />}</span>}
      <div className="bubble">
        {hasFace && first && !isBig && (
          <div className="sender" data-hue={colourOf(message.senderId)} dir="auto">
            {name}
          </div>
        )}
        {quote && <ReplyQuote quote={quote} name={quotedName} t={t} />}
        <div className="text" dir="auto" data-meta={meta}>
          <Linked text={message.text} />
        </div>
        <span className="meta">
          {message.editedAt !== null && <span>{t.message.edited}</span>}
          <time dateTime={new Date(message.at).toISOString()} title={d.full(message.at)}>{time}</time>
          <Ticks tick={tick} />
        </span>
        {last && !isBig && <Tail />}
        <button type="button" className="msg-more" data-act="menu" aria-label={t.message.more} aria-haspopup="menu">
          <ChevronDown size={18} aria-hidden="true" />
        </button>
      </div>
      {message.state === 'failed' && <Failure message={message} t={t} />}
    </article>
  );
});
