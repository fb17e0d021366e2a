import type { BrowserContextOptions, Page } from '@playwright/test';
import { Api } from '../support/api.ts';
import { Messenger } from '../support/messenger.ts';
import { expect, People, test as base, type Account } from '../support/test.ts';
import { ELSEWHERE, unwatched } from '../screens/devices.ts';
import { correct, fill, type World } from '../screens/world.ts';
import { cast, disguise, type Cast, type Wire } from './disguise.ts';
import { expectPinnedFonts, pinFonts } from './pinned.ts';

/** It is always this Thursday. In the past: what expires must not seem to have expired. */
const NOW = new Date('2025-06-12T14:12:00Z');

/** The same on every machine, except for what a test asks for. */
const ALWAYS: BrowserContextOptions = { reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-US' };

/** The made-up people, and browsers that show what they see, the same in every run. */
export class Gallery {
  private readonly wires = new WeakMap<Page, Wire>();

  constructor(
    private readonly people: People,
    private readonly world: World,
    /** Somebody who knows nobody. */
    private readonly newcomer: Account,
  ) {}

  /** Anna's browser, at an address; her chats are numbered as in `TALKS`, from one on. */
  anna(path: string, options: BrowserContextOptions): Promise<Messenger> {
    return this.show(this.world.anna, cast(this.world.ids, this.world.chats), path, options);
  }

  /** The browser of somebody who has not talked to anybody. */
  nina(path: string, options: BrowserContextOptions): Promise<Messenger> {
    return this.show(this.newcomer, cast([], []), path, options);
  }

  /** A browser in which nobody is signed in. */
  async nobody(path: string, options: BrowserContextOptions): Promise<Page> {
    const page = await this.people.blank({ ...ALWAYS, ...options });
    await prepare(page);
    await page.goto(path);
    return page;
  }

  /** Take the network from a page. */
  async cut({ page }: Messenger): Promise<void> {
    await this.wires.get(page)?.cut();
  }

  private async show(account: Account, told: Cast, path: string, options: BrowserContextOptions): Promise<Messenger> {
    const page = await this.people.enterAgain(account, { ...ALWAYS, ...options }, 'about:blank');
    await prepare(page);
    const wire = await disguise(page.context(), told, NOW);
    this.wires.set(page, wire);
    await page.goto(path);
    await wire.upToDate;
    return new Messenger(page);
  }
}

async function prepare(page: Page): Promise<void> {
  await page.clock.setFixedTime(NOW);
  await unwatched(page);
  await pinFonts(page.context());
}

/** Compare the page at rest with its picture; without its wallpaper, unless that is asked for. */
export async function expectPicture(page: Page, name: string, { wallpaper = false } = {}): Promise<void> {
  await page.evaluate((isPlain) => document.documentElement.toggleAttribute('data-plain', isPlain), !wallpaper);
  await page.evaluate(() => document.fonts.ready);
  await expect(page.locator('.date-pill[data-shown=true]')).toHaveCount(0);
  await expect(page).toHaveScreenshot(`${name}.png`);
  // Afterwards: a debugger that is attached brings the network back that a test has taken.
  await expectPinnedFonts(page);
}

export const test = base.extend<object, { gallery: Gallery }>({
  gallery: [
    async ({ browser, realm }, use) => {
      const people = new People(browser, realm);
      const world = await fill(people, NOW);
      await correct(new Api(await people.enterAgain(world.anna, {}, 'about:blank')), world.chats[0] ?? 0);
      for (const userAgent of ELSEWHERE) await people.enter(world.anna, { userAgent });
      const newcomer = await people.make('Nina Berg');
      await people.enter(newcomer);
      await use(new Gallery(people, world, newcomer));
      await people.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});

export { expect };
