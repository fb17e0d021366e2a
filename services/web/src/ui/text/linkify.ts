export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const CANDIDATE = /\b(?:https?:\/\/|www\.|mailto:)[^\s<>"'`{}|\\^]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const ALLOWED = new Set(['http:', 'https:', 'mailto:']);
const TRAILING = /[.,:;!?…»”’*_~]+$/u;

/** Cut what ends the sentence rather than the address: punctuation, and a bracket that was opened before it. */
function trimmed(found: string): string {
  let text = found;
  for (;;) {
    const before = text;
    text = text.replace(TRAILING, '');
    for (const [open, close] of [['(', ')'], ['[', ']']] as const)
      if (text.endsWith(close) && text.split(close).length > text.split(open).length) text = text.slice(0, -1);
    if (text === before) return text;
  }
}

/** The address that a candidate stands for; null unless it is one that may be followed. */
function addressOf(text: string): string | null {
  const address = /^www\./i.test(text) ? `https://${text}` : !/^[a-z]+:/i.test(text) ? `mailto:${text}` : text;
  try {
    const url = new URL(address);
    const isEmpty = url.protocol === 'mailto:' ? !url.pathname.includes('@') : !url.hostname;
    return ALLOWED.has(url.protocol) && !isEmpty ? address : null;
  } catch {
    return null;
  }
}

/** Text as typed, with its http, https and mailto addresses marked. Nothing else becomes a link. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const link = trimmed(match[0]);
    const href = addressOf(link);
    if (href === null) continue;
    if (match.index > from) pieces.push({ kind: 'text', text: text.slice(from, match.index) });
    pieces.push({ kind: 'link', text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length || pieces.length === 0) pieces.push({ kind: 'text', text: text.slice(from) });
  return pieces;
}

const EMOJI = String.raw`(?:\p{RI}\p{RI}|\p{Emoji_Presentation}(?:\p{EMod}|\uFE0F)?(?:\u200D\p{Extended_Pictographic}(?:\p{EMod}|\uFE0F)?)*|\p{Extended_Pictographic}\uFE0F(?:\u200D\p{Extended_Pictographic}\uFE0F?)*)`;
const ONLY_EMOJI = new RegExp(`^${EMOJI}{1,3}$`, 'u');

/** One to three emoji and nothing else are shown large. */
export function isJumbo(text: string): boolean {
  return text.length <= 40 && ONLY_EMOJI.test(text);
}

export const MAX_TEXT = 4096;

/** Characters as the server counts them. */
export function lengthOf(text: string): number {
  return Array.from(text.trim()).length;
}
