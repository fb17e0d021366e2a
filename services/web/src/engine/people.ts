import type { Api } from './api.ts';
import type { Id, Person } from './model.ts';
import type { Cell } from './store.ts';
import type { WirePerson } from './wire.ts';

const AT_ONCE = 4;

/** Names: whoever is met without one is asked for, once. */
export class People {
  private readonly asked = new Set<Id>();
  private readonly queue: Id[] = [];
  private working = 0;

  constructor(
    private readonly cell: Cell,
    private readonly api: Api,
  ) {}

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
    while (this.working < AT_ONCE && this.queue.length > 0) void this.work();
  }

  clear(): void {
    this.asked.clear();
    this.queue.length = 0;
  }

  private async work(): Promise<void> {
    this.working += 1;
    for (let id = this.queue.shift(); id !== undefined; id = this.queue.shift()) {
      try {
        this.put([await this.api.get<WirePerson>(`/api/users/${id}`)]);
      } catch {
        this.asked.delete(id); // The next need asks again.
      }
    }
    this.working -= 1;
  }
}
