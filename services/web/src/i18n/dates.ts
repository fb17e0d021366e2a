import type { Language } from './strings.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface Dates {
  /** 14:12 */
  time(at: number): string;
  /** In the chat list: the time today, the weekday this week, the date before. */
  short(at: number, now: number): string;
  /** On date pills: Today, Yesterday, 22 November, 22 November 2024. */
  day(at: number, now: number): string;
  /** With sessions and read receipts: "5 minutes ago", "yesterday", or the date and time. */
  past(at: number, now: number): string;
  full(at: number): string;
}

/** Midnight, in local time, of the day that a moment belongs to. */
export function dayStart(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function daysBetween(at: number, now: number): number {
  return Math.round((dayStart(now) - dayStart(at)) / DAY_MS);
}

/** Formatters of one language, made once: `Intl` constructors are slow. */
export function dates(language: Language): Dates {
  const locale = language === 'en' ? 'en-GB' : language;
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  const date = new Intl.DateTimeFormat(locale, { day: '2-digit', month: '2-digit', year: '2-digit' });
  const dayMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' });
  const dayMonthYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

  const day = (at: number, now: number) => {
    const days = daysBetween(at, now);
    if (days === 0 || days === 1) return capitalised(relative.format(-days, 'day'), locale);
    return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth.format(at) : dayMonthYear.format(at);
  };
  return {
    time: (at) => time.format(at),
    short: (at, now) => {
      const days = daysBetween(at, now);
      if (days <= 0) return time.format(at);
      return days < 7 ? weekday.format(at) : date.format(at);
    },
    day,
    past: (at, now) => {
      const minutes = Math.max(0, Math.round((now - at) / MINUTE_MS));
      if (minutes < 60) return relative.format(-minutes, 'minute');
      if (daysBetween(at, now) === 0) return relative.format(-Math.round(minutes / 60), 'hour');
      if (daysBetween(at, now) < 7) return `${relative.format(-daysBetween(at, now), 'day')}, ${time.format(at)}`;
      return full.format(at);
    },
    full: (at) => full.format(at),
  };
}

function capitalised(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}
