import { colourOf, initials } from '../text/faces.ts';

/** Initials on a colour; `hue` is the id whose colour it is. */
export function Avatar({ title, hue, size = 54 }: { title: string; hue: number; size?: 34 | 42 | 54 | 96 }) {
  return (
    <span className="avatar" data-hue={colourOf(hue)} data-size={size} aria-hidden="true">
      {initials(title)}
    </span>
  );
}
