import { memo } from 'react';
import { linkify } from './linkify.ts';

/** Text as typed; addresses can be followed. */
export const Linked = memo(function Linked({ text }: { text: string }) {
  return linkify(text).map((piece, i) =>
    piece.kind === 'text' ? (
      piece.text
    ) : (
      <a key={i} href={piece.href} target="_blank" rel="noopener noreferrer">
        {piece.text}
      </a>
    ),
  );
});
