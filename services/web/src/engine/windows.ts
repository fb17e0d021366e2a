/** Arithmetic on runs of messages: ascending by id, each once; what has not changed keeps its object. */
import type { Id, Message } from './model.ts';

export const MAX_WINDOW = 400;
export const PAGE = 50;

/** A contiguous run of stored messages. */
export interface Segment {
  messages: readonly Message[];
  hasOlder: boolean;
}

export function idOf(message: Message | undefined): Id {
  return message?.id ?? 0;
}

function sameQuote(one: Message['replyTo'], other: Message['replyTo']): boolean {
  if (one === other) return true;
  return one !== null && other !== null && one.id === other.id && one.text === other.text;
}

/** Of two states of a message the later; the key and what has once been read stay. */
export function fresher(known: Message, told: Message): Message {
  const stale = (told.editedAt ?? 0) < (known.editedAt ?? 0);
  const content = stale ? known : told;
  const isRead = known.isRead || told.isRead;
  const same =
    known.state === 'sent' &&
    known.text === content.text &&
    known.editedAt === content.editedAt &&
    known.isRead === isRead &&
    known.at === content.at &&
    sameQuote(known.replyTo, content.replyTo);
  if (same) return known;
  return { ...content, isRead, key: known.key, clientId: known.clientId ?? told.clientId };
}

/** Where a message with this id is or would be. */
export function placeOf(messages: readonly Message[], id: Id): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (idOf(messages[middle]) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function find(messages: readonly Message[], id: Id): Message | undefined {
  const found = messages[placeOf(messages, id)];
  return found?.id === id ? found : undefined;
}

/** Put a message in its place, or a later state of it over the earlier one. */
export function insert(messages: readonly Message[], message: Message): readonly Message[] {
  const place = placeOf(messages, idOf(message));
  const known = messages[place];
  if (known?.id !== message.id) return messages.toSpliced(place, 0, message);
  const next = fresher(known, message);
  return next === known ? messages : messages.with(place, next);
}

export function merge(one: readonly Message[], other: readonly Message[]): readonly Message[] {
  if (one.length === 0) return other;
  return other.reduce(insert, one);
}

/** Change some messages; the same array when none has changed. */
export function changeEach(messages: readonly Message[], change: (message: Message) => Message): readonly Message[] {
  const next = messages.map(change);
  return next.some((message, place) => message !== messages[place]) ? next : messages;
}

export function without(messages: readonly Message[], id: Id): readonly Message[] {
  const place = placeOf(messages, id);
  return messages[place]?.id === id ? messages.toSpliced(place, 1) : messages;
}

/** Keep the newest. */
export function newestOf(segment: Segment, limit: number): Segment {
  if (segment.messages.length <= limit) return segment;
  return { messages: segment.messages.slice(-limit), hasOlder: true };
}
