import { talkingPair, type Guest } from '../support/company.ts';
import { Network } from '../support/network.ts';
import { expect, test } from '../support/test.ts';

const BACK = { timeout: 30_000 };

/** Somebody who types one message after the other, key by key, until told to stop. */
class Typist {
  readonly sent: string[] = [];
  private isDone = false;
  private reloads = 0;
  readonly typing: Promise<void>;

  constructor(readonly guest: Guest) {
    guest.messenger.page.on('domcontentloaded', () => (this.reloads += 1));
    this.typing = this.type();
  }

  /** Wait until so many more have been typed, whatever the network does meanwhile. */
  async more(count: number): Promise<void> {
    const wanted = this.sent.length + count;
    await expect.poll(() => this.sent.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(wanted);
  }

  async finish(): Promise<void> {
    this.isDone = true;
    await this.typing;
    expect(this.reloads).toBe(0);
  }

  private async type(): Promise<void> {
    const { composer } = this.guest.messenger;
    while (!this.isDone) {
      const text = `${this.guest.name} writes ${this.sent.length + 1}`;
      await composer.pressSequentially(text, { delay: 10 });
      // What has been typed is what stands there: nothing that arrives changes it.
      await expect(composer).toHaveValue(text);
      await composer.press('Enter');
      this.sent.push(text);
    }
  }
}

test('two type while the live service, the gateway and the network go away and come back', async ({ people, processes }) => {
  test.setTimeout(180_000);
  const { anna, boris, chatId } = await talkingPair(people);
  const networks = await Promise.all([anna, boris].map(({ messenger }) => Network.of(messenger.page)));
  await Promise.all([anna, boris].map(({ messenger }) => messenger.goTo(chatId)));
  await Promise.all([anna, boris].map(({ messenger }) => messenger.online()));
  const typists = [new Typist(anna), new Typist(boris)];
  const both = (count: number) => Promise.all(typists.map((typist) => typist.more(count)));

  await both(2);
  await Promise.all([processes.kill('realtime-1'), processes.kill('realtime-2')]);
  await both(2);
  await processes.healthy();
  await both(1);
  await processes.kill('envoy');
  await both(2);
  await processes.healthy();
  await both(1);
  for (const network of networks) {
    await network.cut();
    await both(2);
    await network.mend();
    await both(1);
  }
  await Promise.all(typists.map((typist) => typist.finish()));

  const count = typists.reduce((sum, { sent }) => sum + sent.length, 0);
  await expect(async () => expect(await anna.messenger.api.texts(chatId)).toHaveLength(count)).toPass(BACK);
  const texts = await anna.messenger.api.texts(chatId);
  for (const { guest, sent } of typists) expect(texts.filter((text) => text.startsWith(guest.name))).toEqual(sent);
  for (const { messenger } of [anna, boris]) {
    await expect(messenger.message(texts.at(-1) ?? '')).toBeVisible(BACK);
    await messenger.expectTexts(texts);
    await expect(messenger.log.getByRole('img', { name: 'Sending' })).toHaveCount(0);
  }
});
