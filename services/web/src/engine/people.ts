import type { Api } from './api.ts';
import { Alarm } from './backoff.ts';
import type { Environment } from './environment.ts';
import type { Id, Person } from './model.ts';
import type { Cell } from './store.ts';
import type { WirePerson } from './wire.ts';

/** What is needed within so many ms is asked for together, and never more at once than the server looks up. */
const GATHERED_MS = 20;
const MAX_IDS = 100;

/** Names: whoever is met without one is asked for, once. */
export class People {
  private readonly asked = new Set<Id>();
  private readonly queue: Id[] = [];
  private readonly alarm: Alarm;
  private isWorking = false;

  constructor(
    env: Environment,
    private readonly cell: Cell,
    private readonly api: Api,
  ) {
    this.alarm = new Alarm(env);
  }

  put(people: readonly WirePerson[]): void {
    const known = this.cell.get().people;
    const changed = people.filter(({ id, username, name }) => {
      const before = known[id];
      return before?.name !== name || before.username !== username;
    });
    if (changed.length === 0) return;
    const added = changed.map(({ id, username, name }): [Id, Person] => [id, { id, username, name }]);
    this.cell.set({ people: { ...known, ...Object.fromEntries(added) } });
  }

  need(ids: readonly Id[]): void {
    const { people } = this.cell.get();
    for (const id of ids) {
      if (id === 0 || people[id] || this.asked.has(id)) continue;
      this.asked.add(id);
      this.queue.push(id);
    }
    if (this.queue.length > 0 && !this.alarm.isSet) this.alarm.set(GATHERED_MS, () => void this.work());
  }

  clear(): void {
    this.alarm.clear();
    this.asked.clear();
    this.queue.length = 0;
  }

  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    while (this.queue.length > 0) await this.fetch(this.queue.splice(0, MAX_IDS));
    this.isWorking = false;
  }

  private async fetch(ids: readonly Id[]): Promise<void> {
    try {
      this.put(await this.api.get<WirePerson[]>(`/api/users?ids=${ids.join(',')}`));
    } catch {
      // As with those whom the server leaves out: the next need asks again.
    }
    const { people } = this.cell.get();
    for (const id of ids) if (!people[id]) this.asked.delete(id);
  }
}
