import { describe, expect, test } from 'vitest';
import { isJumbo, lengthOf, linkify } from './linkify.ts';

const links = (text: string) => linkify(text).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []));
const whole = (text: string) => linkify(text).map((piece) => piece.text).join('');

describe('linkify', () => {
  test.each([
    ['see https://example.org/a?b=c#d.', ['https://example.org/a?b=c#d']],
    ['(https://en.wikipedia.org/wiki/Cat_(animal))', ['https://en.wikipedia.org/wiki/Cat_(animal)']],
    ['«http://пример.рф/путь»', ['http://пример.рф/путь']],
    ['www.example.org, ok', ['https://www.example.org']],
    ['write to anna.p@example.org!', ['mailto:anna.p@example.org']],
    ['mailto:a@b.org', ['mailto:a@b.org']],
    ['HTTPS://EXAMPLE.ORG', ['HTTPS://EXAMPLE.ORG']],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  test.each([
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', 'data:text/html,<script>1</script>',
    'vbscript:x', 'file:///etc/passwd', 'blob:https:x', 'http://', 'https://:80', 'ftp://example.org', '<img src=x onerror=1>',
  ])('%s is no link', (text) => {
    expect(links(text).filter((href) => !/^(https?|mailto):/i.test(href))).toEqual([]);
    expect(whole(text)).toBe(text);
  });

  test('an address inside of a script address does not make the script a link', () => {
    expect(links('javascript:location="https://example.org"')).toEqual(['https://example.org']);
  });

  test('nothing of the text is lost', () => {
    const text = '  a https://x.org/(b), c@d.org;\n\nhttps://y.org… <b>';
    expect(whole(text)).toBe(text);
  });
});

test('one to three emoji are large, more or mixed with words are not', () => {
  for (const text of ['👋', '❤️', '👩‍💻👍🏽', '🇺🇦', '🎉🎉🎉']) expect(isJumbo(text), text).toBe(true);
  for (const text of ['🎉🎉🎉🎉', 'hi 👋', '1', '#', '', '12']) expect(isJumbo(text), text).toBe(false);
});

test('characters are counted, not halves of them', () => {
  expect(lengthOf(' 👋a ')).toBe(2);
});
