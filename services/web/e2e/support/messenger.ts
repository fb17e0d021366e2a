import { expect, type Locator, type Page } from '@playwright/test';
import { Api } from './api.ts';

/** What the ticks of an own message say, in the words that a screen reader hears. */
export type Tick = 'Sending' | 'Sent' | 'Read by some' | 'Read' | 'Not sent';

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The messenger in one tab, as its user sees it: everything is found by role and name. */
export class Messenger {
  /** The same person at the server, with this browser's cookies. */
  readonly api: Api;
  readonly chats: Locator;
  readonly main: Locator;
  /** The messages of the open chat. */
  readonly log: Locator;
  readonly composer: Locator;
  readonly search: Locator;
  /** The line before the first message that was unread when the chat was opened. */
  readonly divider: Locator;
  /** The round button with an arrow, with the number of new messages. */
  readonly jump: Locator;

  constructor(readonly page: Page) {
    this.api = new Api(page);
    this.chats = page.getByRole('navigation', { name: 'Chats' });
    this.main = page.getByRole('main');
    this.log = page.getByRole('log');
    this.composer = this.main.getByRole('textbox', { name: 'Message' });
    this.search = this.chats.getByRole('searchbox', { name: 'Search' }).or(this.chats.getByRole('combobox', { name: 'Search' }));
    this.divider = this.log.getByRole('separator', { name: 'Unread messages' });
    this.jump = this.main.getByRole('button', { name: /^(Jump to|Back to where)/ });
  }

  /** Wait until the page shows somebody's chats. */
  async ready(): Promise<this> {
    await expect(this.chats).toBeVisible();
    return this;
  }

  /** Wait until the connection is there and nothing is left to be fetched. */
  async online(): Promise<this> {
    await this.ready();
    await expect(this.page.getByText(/^(Connecting|Updating)…$/)).toHaveCount(0);
    return this;
  }

  /** A chat's row in the list. */
  row(title: string): Locator {
    return this.chats.getByRole('link', { name: new RegExp(`^${escaped(title)}`) });
  }

  /** Click a chat in the list and wait until it can be written in. */
  async openChat(title: string): Promise<void> {
    await this.row(title).click();
    await expect(this.main.getByRole('heading', { level: 1, name: title })).toBeVisible();
    await expect(this.composer).toBeEditable();
  }

  /** Load the page at a chat's address. */
  async goTo(chatId: number): Promise<void> {
    await this.page.goto(`/c/${chatId}`);
    await expect(this.composer).toBeEditable();
  }

  /** Type and press Enter; the bubble is there, sent or not, and the composer is empty. */
  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
    await expect(this.message(text).last()).toBeAttached();
  }

  /** The row of a message, by what it says. */
  message(text: string): Locator {
    const says = this.page.locator('.text').filter({ hasText: new RegExp(`^${escaped(text)}$`) });
    return this.log.getByRole('article').filter({ has: says });
  }

  /** What the rendered messages say, from above to below. */
  texts(): Promise<string[]> {
    return this.log.getByRole('article').locator('.text').allTextContents();
  }

  /** Wait until exactly these messages stand on the page, in this order. */
  async expectTexts(texts: string[], timeout?: number): Promise<void> {
    await expect(this.log.getByRole('article').locator('.text')).toHaveText(texts, { timeout });
  }

  /** What the first message below something says. */
  async textAfter(row: Locator): Promise<string | null> {
    return row.evaluate((node) => {
      const isBelow = (other: Element) => !!(node.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
      return [...document.querySelectorAll('[role=log] article .text')].find(isBelow)?.textContent ?? null;
    });
  }

  /** Wait until an own message has this state. */
  async expectTick(text: string, tick: Tick): Promise<void> {
    await expect(this.message(text)).toHaveAccessibleName(new RegExp(`, ${tick}$`));
  }

  /** Open a message's menu with the right mouse button. */
  async openMenu(text: string): Promise<Locator> {
    await this.message(text).locator('.text').click({ button: 'right' });
    const menu = this.page.getByRole('menu');
    await expect(menu).toBeVisible();
    return menu;
  }

  /** Open a message's menu and choose an entry. */
  async choose(text: string, entry: string): Promise<void> {
    await (await this.openMenu(text)).getByRole('menuitem', { name: entry }).click();
  }

  /** Behave as a tab that nobody looks at: browsers that are driven always say that they are seen and focused. */
  async hide(): Promise<void> {
    await this.pretend('hidden');
  }

  async show(): Promise<void> {
    await this.pretend('visible');
  }

  private async pretend(state: DocumentVisibilityState): Promise<void> {
    await this.page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => state === 'hidden' });
      document.hasFocus = () => state === 'visible';
      document.dispatchEvent(new Event('visibilitychange'));
      window.dispatchEvent(new Event(state === 'visible' ? 'focus' : 'blur'));
    }, state);
  }

  /** Let the time pass within which something that must not happen would have happened. */
  async dwell(ms = 1_000): Promise<void> {
    const from = await this.page.evaluate(() => performance.now());
    await this.page.waitForFunction((until) => performance.now() > until, from + ms);
  }

  /** Whether the whole row is on the screen, and not only in the page. */
  async expectOnScreen(row: Locator): Promise<void> {
    await expect(row).toBeInViewport({ ratio: 0.9 });
  }
}
