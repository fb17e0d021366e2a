import type { Timer } from '../environment.ts';

const SETTLING_TURNS = 12;

/** A clock that stands still between `run`s; timers fire in their order, and promises settle after each. */
export class Clock {
  now = 1_700_000_000_000;
  private timers = new Map<number, { at: number; run: () => void }>();
  private last = 0;

  setTimeout = (run: () => void, ms: number): Timer => {
    this.last += 1;
    this.timers.set(this.last, { at: this.now + Math.max(0, ms), run });
    return this.last as unknown as Timer;
  };

  clearTimeout = (timer: Timer | undefined): void => {
    this.timers.delete(timer as unknown as number);
  };

  /** Let promises and IndexedDB come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLING_TURNS; turn += 1) await new Promise((next) => setImmediate(next));
  }

  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.settle();
    for (;;) {
      const next = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (!next) break;
      this.timers.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      next[1].run();
      await this.settle();
    }
    this.now = end;
  }

  /** Run until something holds; an error after `limitMs`. */
  async until(holds: () => boolean, limitMs = 120_000): Promise<void> {
    const end = this.now + limitMs;
    await this.settle();
    while (!holds()) {
      if (this.now >= end) throw new Error(`not within ${limitMs} ms: ${holds.toString()}`);
      await this.run(50);
    }
  }
}
