import type { Locator, Page } from '@playwright/test';
import { pair, type Pair } from './support/company.ts';
import { expect, test, type People } from './support/test.ts';

const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
  userAgent: 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36',
};

/** A finger on the screen, as Chromium's own input has it. */
class Finger {
  private constructor(private readonly send: (type: string, points: { x: number; y: number }[]) => Promise<unknown>) {}

  static async on(page: Page): Promise<Finger> {
    const session = await page.context().newCDPSession(page);
    return new Finger((type, touchPoints) => session.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints }));
  }

  async down(x: number, y: number): Promise<void> {
    await this.send('touchStart', [{ x, y }]);
  }

  async lift(): Promise<void> {
    await this.send('touchEnd', []);
  }

  async swipe(from: { x: number; y: number }, dx: number, steps = 2): Promise<void> {
    await this.down(from.x, from.y);
    for (let step = 1; step <= steps; step++) await this.send('touchMove', [{ x: from.x + (dx * step) / steps, y: from.y }]);
    await this.lift();
  }
}

async function middle(row: Locator): Promise<{ x: number; y: number }> {
  const box = await row.boundingBox();
  if (!box) throw new Error('It is not on the screen.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function onPhones(people: People): Promise<Pair> {
  const two = await pair(people, PHONE);
  await Promise.all([two.anna, two.boris].map(({ messenger }) => messenger.goTo(two.chatId)));
  await two.boris.messenger.api.send(two.chatId, 'Shall we meet?');
  await expect(two.anna.messenger.message('Shall we meet?')).toBeVisible();
  return two;
}

test('one column at a time: from the list to the chat, and back as phones go back', async ({ people }) => {
  const { anna, boris } = await onPhones(people);
  const { page, chats, main, composer } = anna.messenger;
  await page.goto('/');
  await expect(anna.messenger.row(boris.name)).toBeVisible();
  await expect(main).toHaveCount(0);
  await anna.messenger.row(boris.name).tap();
  await expect(composer).toBeVisible();
  await expect(composer).toBeInViewport();
  await expect(chats).toHaveCount(0);
  // No field is smaller than 16 px, or iOS would zoom in.
  expect(await composer.evaluate((field) => parseFloat(getComputedStyle(field).fontSize))).toBeGreaterThanOrEqual(16);

  await page.goBack();
  await expect(anna.messenger.row(boris.name)).toBeInViewport();
  await anna.messenger.row(boris.name).tap();
  await main.getByRole('button', { name: new RegExp(`^${boris.name}`) }).tap();
  const info = page.getByRole('complementary', { name: 'Info' });
  await expect(info.getByText(boris.account.username)).toBeVisible();
  await page.goBack();
  await expect(info).toBeHidden();
  await expect(composer).toBeInViewport();
  await main.getByRole('button', { name: 'Back' }).tap();
  await expect(page).toHaveURL('/');
  await expect(anna.messenger.row(boris.name)).toBeInViewport();
});

test('a long press opens the menu, inside of the screen', async ({ people }) => {
  const { anna } = await onPhones(people);
  const { page } = anna.messenger;
  const finger = await Finger.on(page);
  const at = await middle(anna.messenger.message('Shall we meet?').locator('.text'));
  await finger.down(at.x, at.y);
  const menu = page.getByRole('menu');
  await expect(menu).toBeVisible();
  await finger.lift();
  await expect(menu.getByRole('menuitem', { name: 'Reply' })).toBeVisible();
  const box = await menu.boundingBox();
  expect(box?.x ?? -1).toBeGreaterThanOrEqual(0);
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(844);
  await menu.getByRole('menuitem', { name: 'Reply' }).tap();
  await expect(anna.messenger.main.getByText(/^Reply to Boris/)).toBeVisible();
  await expect(menu).toBeHidden();
});

test('a swipe to the left replies; a short one, or one downwards, does not', async ({ people }) => {
  const { anna, boris } = await onPhones(people);
  const { page, main } = anna.messenger;
  const finger = await Finger.on(page);
  const at = await middle(anna.messenger.message('Shall we meet?').locator('.text'));
  const bar = main.getByText(/^Reply to Boris/);
  await finger.swipe(at, -30);
  await expect(anna.messenger.message('Shall we meet?')).not.toHaveClass(/pulled/);
  await expect(bar).toBeHidden();
  await finger.swipe(at, -120);
  await expect(bar).toBeVisible();
  await anna.messenger.composer.fill('Gladly');
  await main.getByRole('button', { name: 'Send' }).tap();
  await expect(boris.messenger.message('Gladly')).toHaveAccessibleName(/in reply to You: Shall we meet\?/);
  await expect(bar).toBeHidden();
});

test('the keyboard of a phone takes room from the messages, not from what is written', async ({ people }) => {
  const { anna, boris, chatId } = await onPhones(people);
  const { page, composer } = anna.messenger;
  for (let number = 1; number <= 15; number++) await boris.messenger.api.send(chatId, `Number ${number}`);
  await expect(anna.messenger.message('Number 15')).toBeInViewport();
  await composer.tap();
  await page.setViewportSize({ width: 390, height: 480 });
  await expect(composer).toBeInViewport({ ratio: 1 });
  await expect(anna.messenger.message('Number 15')).toBeInViewport({ ratio: 0.9 });
  await composer.fill('Written with the keyboard');
  await composer.press('Enter');
  // Enter makes a new line where there is no other way to make one.
  await expect(composer).toHaveValue('Written with the keyboard\n');
  await anna.messenger.main.getByRole('button', { name: 'Send' }).tap();
  await expect(boris.messenger.message('Written with the keyboard')).toBeVisible();
  await expect(anna.messenger.message('Written with the keyboard')).toBeInViewport();
  await page.setViewportSize(PHONE.viewport);
  await expect(composer).toBeInViewport({ ratio: 1 });
  await expect(anna.messenger.message('Written with the keyboard')).toBeInViewport();
});
