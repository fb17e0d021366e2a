import type { Language } from './strings.ts';

/** Forms by CLDR category; `other` serves where a category is not given. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** A function that picks the form for a count and puts the number, grouped as the language does, in place of `#`. */
export function plurals(language: Language): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count));
}
