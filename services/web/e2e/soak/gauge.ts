import type { CDPSession, Page } from '@playwright/test';
import type { Tally } from './insides.ts';

export interface Reading {
  heap: number;
  nodes: number;
  listeners: number;
}

const MEGA = 1e6;

/** What a tab holds when everything that can go has gone. */
export class Gauge {
  private constructor(private readonly session: CDPSession) {}

  static async of(page: Page): Promise<Gauge> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    return new Gauge(session);
  }

  async read(): Promise<Reading> {
    // What the first collection finalises, the second one frees.
    for (let round = 0; round < 2; round += 1) await this.session.send('HeapProfiler.collectGarbage');
    const { metrics } = await this.session.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((one) => one.name === name)?.value ?? NaN;
    return { heap: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
  }
}

const COLUMNS = ['minutes', 'chats', 'events', 'heap MB', 'growth', 'nodes', 'listeners', 'compared', 'lost', 'doubled'];
const cells = (row: (string | number)[]) => row.map((cell) => String(cell).padStart(9)).join(' ');

/** A table that is printed as it grows. */
export class Table {
  private readonly from = Date.now();

  constructor(private readonly baseline: Reading) {
    console.log(cells(COLUMNS));
  }

  add(chats: number, events: number, reading: Reading, { compared, lost, doubled }: Tally): void {
    const minutes = ((Date.now() - this.from) / 60_000).toFixed(1);
    const { heap, nodes, listeners } = reading;
    const growth = `${(growthOf(heap, this.baseline.heap) * 100).toFixed(1)} %`;
    console.log(cells([minutes, chats, events, (heap / MEGA).toFixed(2), growth, nodes, listeners, compared, lost, doubled]));
  }
}

/** As a share of what there was. */
export function growthOf(now: number, before: number): number {
  return now / before - 1;
}
