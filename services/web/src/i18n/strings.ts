import type { en } from './en.ts';

export type Language = 'en' | 'ru';

/** A literal's general type, so that another language may say it differently. */
type General<T> = T extends string ? string : T extends (...args: infer A) => string ? (...args: A) => string : { [K in keyof T]: General<T[K]> };

/** All that the interface says; the compiler proves that every language has it. */
export type Strings = General<typeof en>;
