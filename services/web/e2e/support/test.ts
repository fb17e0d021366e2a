import { test as base, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';
import { Realm, type Account } from './realm.ts';
import { Processes } from './stack.ts';

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

/** Log in at Keycloak's page, and come back to `returnTo`. */
export async function logIn(page: Page, account: Account, returnTo = '/'): Promise<void> {
  await page.goto(`/auth/login?return_to=${encodeURIComponent(returnTo)}`);
  await page.fill('#username', account.username);
  await page.fill('#password', account.password);
  await page.click('#kc-login');
  await page.waitForURL((url) => url.pathname + url.search === returnTo);
}

/** Do the same without drawing Keycloak's page: its form is fetched and sent, and the cookies are the browser's. */
async function logInUnseen({ request }: BrowserContext, account: Account): Promise<void> {
  const form = await (await request.get('/auth/login')).text();
  const action = /<form[^>]* action="([^"]+)"/.exec(form)?.[1]?.replaceAll('&amp;', '&');
  if (!action) throw new Error(`Keycloak shows no login form: ${form}`);
  const { username, password } = account;
  const answer = await request.post(action, { form: { username, password } });
  if (new URL(answer.url()).pathname !== '/') throw new Error(`${username} has not been logged in: ${answer.url()}`);
}

/** The people of one test: accounts of its own, each with as many browsers as are asked for. */
export class People {
  private contexts: BrowserContext[] = [];
  private kept = new Map<string, StorageState>();

  constructor(
    private readonly browser: Browser,
    private readonly realm: Realm,
  ) {}

  /** Make an account; `name` is first and last name. */
  async make(name?: string): Promise<Account> {
    return this.realm.newAccount(name);
  }

  /** Open the messenger in a browser of its own that has been logged in at Keycloak: a new session. */
  async enter(account: Account, options: BrowserContextOptions = {}, path = '/'): Promise<Page> {
    const page = await this.loggedIn(account, options);
    await page.goto(path);
    return page;
  }

  /** Do the same, but open nothing yet. */
  async loggedIn(account: Account, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.blank(options);
    await logInUnseen(page.context(), account);
    this.kept.set(account.username, await page.context().storageState());
    return page;
  }

  /** Open it in another browser with the cookies of the last login: the same session, and nothing stored. */
  async enterAgain(account: Account, options: BrowserContextOptions = {}, path = '/'): Promise<Page> {
    const storageState = this.kept.get(account.username);
    if (!storageState) return this.enter(account, options, path);
    const cookies = { cookies: storageState.cookies, origins: [] };
    const page = await this.blank({ ...options, storageState: cookies });
    await page.goto(path);
    return page;
  }

  /** Open a browser that nobody has logged in. */
  async blank(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    this.contexts.push(context);
    return context.newPage();
  }

  async close(): Promise<void> {
    await Promise.all(this.contexts.map((context) => context.close()));
  }
}

interface Fixtures {
  people: People;
  processes: Processes;
}

export const test = base.extend<Fixtures, { realm: Realm }>({
  realm: [
    // Playwright reads from the pattern which fixtures are wanted.
    async ({}, use) => {
      const realm = new Realm();
      await use(realm);
      await realm.dispose();
    },
    { scope: 'worker' },
  ],
  people: async ({ browser, realm }, use) => {
    const people = new People(browser, realm);
    await use(people);
    await people.close();
  },
  processes: async ({}, use) => {
    const processes = new Processes();
    await processes.healthy();
    await use(processes);
    await processes.healthy();
  },
});

export { expect } from '@playwright/test';
export type { Account };
