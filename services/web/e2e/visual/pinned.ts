import type { BrowserContext, Page } from '@playwright/test';
import { expect } from '../support/test.ts';

const FONTS = new URL('./fonts/', import.meta.url).pathname;
const EMOJI = 'U+1F1E6-1F1FF, U+1F300-1FAFF';

const face = (family: string, file: string, more: string) =>
  `@font-face { font-family: ${family}; src: url("/fonts-of-tests/${file}") format("woff2"); ${more} }`;

/**
 * The families that the page asks for, from our files alone; and a page without wallpaper, of which a picture is five
 * times as large. Outside of layers, so that it wins.
 */
const STYLE = [
  face('Inter', 'inter-latin.woff2', 'font-weight: 100 900'),
  face('Inter', 'inter-cyrillic.woff2', 'font-weight: 100 900; unicode-range: U+0301, U+0400-045F, U+0490-0491, U+2116'),
  face('Emoji', 'emoji.woff2', `unicode-range: ${EMOJI}`),
  face('"Pinned Emoji"', 'emoji.woff2', ''),
  ':root { --font: Emoji, Inter, "Pinned Emoji"; }',
  '[data-plain] .paper { background: var(--paper); }',
  '[data-plain] .paper::before { background: none; }',
].join('\n');

/** Let the pages of a browser draw letters with the fonts beside this file, whatever the system has. */
export async function pinFonts(context: BrowserContext): Promise<void> {
  await context.route('**/fonts-of-tests/*', async (route) => {
    const file = new URL(route.request().url()).pathname.split('/').pop() ?? '';
    await route.fulfill({ path: `${FONTS}${file}`, contentType: 'font/woff2' });
  });
  await context.route('**/assets/*.css', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}\n${STYLE}` });
  });
}

/** Check that no letter on the page comes from a font of the system. */
export async function expectPinnedFonts(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('DOM.enable');
  await session.send('CSS.enable');
  const { root } = await session.send('DOM.getDocument');
  const { nodeIds } = await session.send('DOM.querySelectorAll', { nodeId: root.nodeId, selector: 'body *' });
  const all = await Promise.all(nodeIds.map((nodeId) => session.send('CSS.getPlatformFontsForNode', { nodeId })));
  const foreign = all.flatMap(({ fonts }) => fonts).filter(({ isCustomFont }) => !isCustomFont);
  expect([...new Set(foreign.map(({ familyName }) => familyName))]).toEqual([]);
  await session.detach();
}
