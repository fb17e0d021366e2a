import type { Page } from '@playwright/test';

/** Wait until the service worker has the page and answers for it: then it opens without a server. */
export async function keepsPage(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const taken = new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await taken;
  });
}
