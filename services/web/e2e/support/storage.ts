import type { Page } from '@playwright/test';

/** Everything in IndexedDB and in caches, as lines `name/store: number`, empty stores left out. */
export function kept(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done, failed) => {
        const opening = indexedDB.open(name ?? '');
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => failed(new Error(name));
      });
      for (const store of database.objectStoreNames) {
        const counting = database.transaction(store).objectStore(store).count();
        const count = await new Promise<number>((done) => (counting.onsuccess = () => done(counting.result)));
        if (count > 0) found.push(`${name}/${store}: ${count}`);
      }
      database.close();
    }
    for (const name of await caches.keys()) found.push(`cache ${name}`);
    return found;
  });
}

/** Everything that a script of the page could read, in one text. */
export function readable(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const found: unknown[] = [document.cookie, Object.entries(localStorage), Object.entries(sessionStorage)];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done, failed) => {
        const opening = indexedDB.open(name ?? '');
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => failed(new Error(name));
      });
      for (const store of database.objectStoreNames) {
        const reading = database.transaction(store).objectStore(store).getAll();
        found.push(await new Promise((done) => (reading.onsuccess = () => done(reading.result as unknown))));
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      found.push((await cache.keys()).map((request) => request.url));
    }
    return JSON.stringify(found);
  });
}
