import type { Page } from '@playwright/test';

export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
export const LIGHT = { colorScheme: 'light' } as const;
export const DARK = { colorScheme: 'dark' } as const;

/** Where Anna is signed in as well. */
export const ELSEWHERE = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
];

/** Nothing is marked as read while pictures are taken: the window says that nobody looks at it. */
export async function unwatched(page: Page): Promise<void> {
  await page.addInitScript(() => (document.hasFocus = () => false));
}
