const COLOURS = 8;

/** Up to two capitals for a picture that is not there. */
export function initials(title: string): string {
  const words = title.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  return words.slice(0, 2).map((word) => [...word][0] ?? '').join('').toLocaleUpperCase() || [...title.trim()][0] || '?';
}

/** Which of the colours somebody has, the same for ever; neighbours in a list differ. */
export function colourOf(id: number): number {
  return (((id * 5 + (id >> 3)) % COLOURS) + COLOURS) % COLOURS;
}
