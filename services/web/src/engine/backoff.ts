import type { Environment, Timer } from './environment.ts';

const FIRST_MS = 300;
const LAST_MS = 30_000;

/** Full jitter: anything between 0.3 s and a limit that doubles with every attempt, up to 30 s. */
export function backoff(attempt: number, random: () => number): number {
  const limit = Math.min(LAST_MS, FIRST_MS * 2 ** (attempt + 1));
  return FIRST_MS + random() * (limit - FIRST_MS);
}

/** One timer that is set anew, never doubled. */
export class Alarm {
  private timer: Timer | undefined;

  constructor(private readonly env: Environment) {}

  get isSet(): boolean {
    return this.timer !== undefined;
  }

  set(ms: number, run: () => void): void {
    this.clear();
    this.timer = this.env.setTimeout(() => {
      this.timer = undefined;
      run();
    }, ms);
  }

  clear(): void {
    this.env.clearTimeout(this.timer);
    this.timer = undefined;
  }
}

export function sleep(env: Environment, ms: number): Promise<void> {
  return new Promise((wake) => env.setTimeout(wake, ms));
}
