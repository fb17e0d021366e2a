import type { Page } from '@playwright/test';

interface Store {
  /** Of the database and of the store. */
  name: string;
  /** As JSON. */
  values: string[];
}

/** Every store of IndexedDB with what it holds. */
function stores(page: Page): Promise<Store[]> {
  return page.evaluate(async () => {
    const found: Store[] = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done, failed) => {
        const opening = indexedDB.open(name ?? '');
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => failed(new Error(name));
      });
      for (const store of database.objectStoreNames) {
        const reading = database.transaction(store).objectStore(store).getAll();
        const values = await new Promise<unknown[]>((done) => (reading.onsuccess = () => done(reading.result)));
        found.push({ name: `${name}/${store}`, values: values.map((value) => JSON.stringify(value)) });
      }
      database.close();
    }
    return found;
  });
}

/** Everything in IndexedDB and in caches, as lines `name/store: number`, empty stores left out. */
export async function kept(page: Page): Promise<string[]> {
  const filled = (await stores(page)).filter(({ values }) => values.length > 0);
  const caches = await page.evaluate(() => window.caches.keys());
  return [...filled.map(({ name, values }) => `${name}: ${values.length}`), ...caches.map((name) => `cache ${name}`)];
}

/** Everything that a script of the page could read, in one text. */
export async function readable(page: Page): Promise<string> {
  const rest = await page.evaluate(async () => {
    const found: unknown[] = [document.cookie, Object.entries(localStorage), Object.entries(sessionStorage)];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      found.push((await cache.keys()).map((request) => request.url));
    }
    return JSON.stringify(found);
  });
  return [rest, ...(await stores(page)).flatMap(({ values }) => values)].join('\n');
}
