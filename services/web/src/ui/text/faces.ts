const COLOURS = 8;

function first(word: string): string {
  return String.fromCodePoint(...(word === '' ? [] : [word.codePointAt(0) ?? 0]));
}

/** Up to two capitals for a picture that is not there. */
export function initials(title: string): string {
  const words = title.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  return words.slice(0, 2).map(first).join('').toLocaleUpperCase() || first(title.trim()) || '?';
}

/** Which of the colours somebody has, the same for ever; neighbours in a list differ. */
export function colourOf(id: number): number {
  return (((id * 5 + (id >> 3)) % COLOURS) + COLOURS) % COLOURS;
}
