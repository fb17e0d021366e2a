import { create } from 'zustand';
import { dates, type Dates } from './dates.ts';
import { en } from './en.ts';
import type { Language, Strings } from './strings.ts';

export type { Language, Strings } from './strings.ts';
export type { Dates } from './dates.ts';

interface Speech {
  language: Language;
  t: Strings;
  d: Dates;
}

const useSpeech = create<Speech>()(() => ({ language: 'en', t: en, d: dates('en') }));

/** Speak a language; its strings are fetched when they are not English. The page says which one it is in. */
export async function speak(language: Language): Promise<void> {
  const t = language === 'ru' ? (await import('./ru.ts')).ru : en;
  useSpeech.setState({ language, t, d: dates(language) });
  document.documentElement.lang = language;
}

/** What the interface says, in the language it speaks now. */
export const useStrings = (): Strings => useSpeech((s) => s.t);
export const useDates = (): Dates => useSpeech((s) => s.d);
/** For code outside of components: notifications, announcements, the document's title. */
export const strings = (): Strings => useSpeech.getState().t;
export const currentDates = (): Dates => useSpeech.getState().d;
