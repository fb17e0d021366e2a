import { describe, expect, test } from 'vitest';
import { dates } from './dates.ts';
import { en } from './en.ts';
import { ru } from './ru.ts';

describe('plurals', () => {
  test.each([[1, '1 участник'], [2, '2 участника'], [5, '5 участников'], [11, '11 участников'], [21, '21 участник'], [111, '111 участников'], [0, '0 участников']])('ru %i', (n, text) => {
    expect(ru.chat.members(n)).toBe(text);
  });
  test.each([[1, '1 member'], [2, '2 members'], [21, '21 members'], [1000, '1,000 members']])('en %i', (n, text) => {
    expect(en.chat.members(n)).toBe(text);
  });
});

test('both languages say the same things', () => {
  const shape = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shape(v)])) : typeof value;
  expect(shape(ru)).toEqual(shape(en));
});

describe('dates', () => {
  const now = new Date(2026, 10, 22, 14, 12).getTime();
  const at = (days: number, hour = 9, minute = 5) => new Date(2026, 10, 22 - days, hour, minute).getTime();
  test('the list shows the time, the weekday, or the date', () => {
    const d = dates('en');
    expect(d.short(at(0), now)).toBe('09:05');
    expect(d.short(at(3), now)).toBe('Thu');
    expect(d.short(at(40), now)).toBe('13/10/26');
    expect(dates('ru').short(at(40), now)).toBe('13.10.26');
  });
  test('pills say today and yesterday, then the day, then the year too', () => {
    const d = dates('ru');
    expect(d.day(at(0), now)).toBe('Сегодня');
    expect(d.day(at(1), now)).toBe('Вчера');
    expect(d.day(at(5), now)).toBe('17 ноября');
    expect(dates('en').day(at(400), now)).toBe('18 October 2025');
  });
  test('receipts say how long ago', () => {
    expect(dates('en').past(now - 5 * 60_000, now)).toBe('5 minutes ago');
    expect(dates('en').past(at(1, 20, 30), now)).toBe('yesterday, 20:30');
  });
});
