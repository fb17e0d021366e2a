import type { Cache } from './db.ts';
import type { Environment, Timer } from './environment.ts';
import type { Draft, Id, Quote } from './model.ts';
import { withEntry, withoutEntry, type Cell } from './store.ts';

const SAVE_MS = 300;

export interface DraftInput {
  text: string;
  replyTo?: Quote | null;
  editing?: Id | null;
}

/** What is being written, per chat; saved a moment after the last key. */
export class Drafts {
  private readonly unsaved = new Map<Id, Timer>();

  constructor(
    private readonly env: Environment,
    private readonly cell: Cell,
    private readonly cache: () => Cache | null,
    private readonly tell: (chatId: Id, draft: Draft | null) => void,
  ) {}

  set(chatId: Id, { text, replyTo = null, editing = null }: DraftInput): void {
    const isEmpty = text === '' && replyTo === null && editing === null;
    if (isEmpty && !this.cell.get().drafts[chatId]) return;
    this.show(chatId, isEmpty ? null : { text, replyTo, editing, at: this.env.now() });
    this.env.clearTimeout(this.unsaved.get(chatId));
    this.unsaved.set(
      chatId,
      this.env.setTimeout(() => this.save(chatId), SAVE_MS),
    );
  }

  /** Of another tab: never into what is open here, and never over what is newer. */
  heard(chatId: Id, draft: Draft | null): void {
    const { active, drafts } = this.cell.get();
    if (active === chatId || this.unsaved.has(chatId)) return;
    if (draft && (drafts[chatId]?.at ?? 0) > draft.at) return;
    this.show(chatId, draft);
  }

  /** The page may go at any moment. */
  flush(): void {
    for (const chatId of [...this.unsaved.keys()]) this.save(chatId);
  }

  stop(): void {
    for (const timer of this.unsaved.values()) this.env.clearTimeout(timer);
    this.unsaved.clear();
  }

  private save(chatId: Id): void {
    this.env.clearTimeout(this.unsaved.get(chatId));
    this.unsaved.delete(chatId);
    const draft = this.cell.get().drafts[chatId] ?? null;
    if (draft) void this.cache()?.put('drafts', { ...draft, chatId });
    else void this.cache()?.remove('drafts', chatId);
    this.tell(chatId, draft);
  }

  private show(chatId: Id, draft: Draft | null): void {
    const { drafts } = this.cell.get();
    this.cell.set({ drafts: draft ? withEntry(drafts, chatId, draft) : withoutEntry(drafts, chatId) });
  }
}
