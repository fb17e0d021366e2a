import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Settings, State } from './model.ts';

export function initialState(settings: Settings): State {
  return {
    phase: 'loading',
    endReason: 'none',
    unsentLost: 0,
    me: null,
    people: {},
    chats: {},
    order: [],
    moreChats: false,
    windows: {},
    active: null,
    readBy: {},
    typing: {},
    drafts: {},
    connection: 'connecting',
    awaySince: 0,
    pausedUntil: 0,
    storage: true,
    updateReady: false,
    settings,
  };
}

/**
 * The one store, with batches: what changes in one is seen at once and only whole.
 * Whoever writes replaces only the objects that differ, so that selectors get stable references.
 */
export class Cell {
  readonly store: StoreApi<State>;
  private draft: State | null = null;
  private depth = 0;

  constructor(settings: Settings) {
    this.store = createStore<State>(() => initialState(settings));
  }

  get(): State {
    return this.draft ?? this.store.getState();
  }

  set(change: Partial<State>): void {
    if (this.depth > 0) this.draft = { ...this.get(), ...change };
    else this.store.setState(change);
  }

  batch(run: () => void): void {
    this.depth += 1;
    try {
      run();
    } finally {
      this.depth -= 1;
      if (this.depth === 0 && this.draft) {
        const state = this.draft;
        this.draft = null;
        this.store.setState(state, true);
      }
    }
  }

  /** Wait until it is known whose data these are: before, nothing may be taken in. False when there is nobody. */
  async whenReady(): Promise<boolean> {
    if (this.get().phase === 'loading') {
      await new Promise<void>((done) => {
        const unsubscribe = this.store.subscribe(({ phase }) => {
          if (phase === 'loading') return;
          unsubscribe();
          done();
        });
      });
    }
    return this.get().phase === 'ready';
  }

  /** The id of the person at this browser, 0 before it is known. */
  get me(): number {
    return this.get().me?.id ?? 0;
  }
}

/** A copy of a record with one entry replaced, or the same record when that changes nothing. */
export function withEntry<T>(record: Record<number, T>, key: number, value: T): Record<number, T> {
  return record[key] === value ? record : { ...record, [key]: value };
}

export function withoutEntry<T>(record: Record<number, T>, key: number): Record<number, T> {
  if (!(key in record)) return record;
  const rest = { ...record };
  delete rest[key];
  return rest;
}

export function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
