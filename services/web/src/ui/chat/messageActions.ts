import type { Engine } from '../../engine/engine.ts';
import type { Chat, Message, Quote } from '../../engine/model.ts';
import { strings } from '../../i18n/index.ts';
import { ask, toast, useInterface, type MenuItem } from '../store.ts';
import type { ComposerHandle } from './Composer.tsx';

const EXCERPT = 120;

export function quoteOf(message: Message): Quote | null {
  return message.id === null ? null : { id: message.id, senderId: message.senderId, text: message.text.slice(0, EXCERPT) };
}

/** What can be done with the messages of one chat. */
export class MessageActions {
  constructor(
    private readonly engine: Engine,
    private readonly chatId: number,
    private readonly composer: () => ComposerHandle | null,
    private readonly goToQuoted: (from: Message) => void,
  ) {}

  private get chat(): Chat | undefined {
    return this.engine.store.getState().chats[this.chatId];
  }

  private isMine(message: Message): boolean {
    return message.senderId === this.engine.store.getState().me?.id;
  }

  canReply(message: Message): boolean {
    return message.id !== null && this.chat?.member === true;
  }

  canEdit(message: Message): boolean {
    return message.state === 'sent' && this.isMine(message) && this.chat?.member === true;
  }

  canDelete(message: Message): boolean {
    if (message.state !== 'sent' || !this.chat?.member) return false;
    const me = this.engine.store.getState().me?.id;
    const role = this.chat.participants.find((p) => p.userId === me)?.role;
    return this.isMine(message) || (this.chat.type === 'group' && (role === 'creator' || role === 'admin'));
  }

  reply(message: Message): void {
    if (this.canReply(message)) this.composer()?.reply(message);
  }

  edit(message: Message): void {
    if (message.state === 'failed') this.resend(message);
    else if (this.canEdit(message)) this.composer()?.edit(message);
  }

  copy(message: Message): void {
    const t = strings();
    // Where the page is not secure there is no clipboard at all.
    const copied = (navigator.clipboard as Clipboard | undefined)?.writeText(message.text) ?? Promise.reject(new Error('no clipboard'));
    copied.then(() => toast(t.message.copied), () => toast(t.message.copyFailed));
  }

  /** Ask, then delete for everyone; what was never accepted is taken back at once. */
  remove(message: Message): void {
    if (message.state === 'failed') {
      this.discard(message);
      return;
    }
    const { id } = message;
    if (id === null || !this.canDelete(message)) return;
    const t = strings();
    ask({
      title: t.message.removeTitle,
      text: t.message.removeText,
      yes: t.message.remove,
      isDanger: true,
      run: () => void this.engine.remove(this.chatId, id).catch(() => toast(t.message.removeFailed)),
    });
  }

  retry(message: Message): void {
    this.engine.retry(this.chatId, message.key);
  }

  discard(message: Message): void {
    this.engine.discard(this.chatId, message.key);
  }

  /** Take a refused message back into the composer. */
  resend(message: Message): void {
    this.composer()?.resend(message);
    this.discard(message);
  }

  seenBy(message: Message): void {
    useInterface.setState({ seenBy: message });
  }

  quoted(message: Message): void {
    this.goToQuoted(message);
  }

  menuOf(message: Message): MenuItem[] {
    const t = strings().message;
    const all: (MenuItem & { when: boolean })[] = [
      { key: 'retry', label: t.retry, icon: 'retry', when: message.state === 'failed', run: () => this.retry(message) },
      { key: 'resend', label: t.editAndResend, icon: 'edit', hint: 'E', when: message.state === 'failed', run: () => this.resend(message) },
      { key: 'reply', label: t.reply, icon: 'reply', hint: 'R', when: this.canReply(message), run: () => this.reply(message) },
      { key: 'edit', label: t.edit, icon: 'edit', hint: 'E', when: this.canEdit(message), run: () => this.edit(message) },
      { key: 'copy', label: t.copy, icon: 'copy', hint: 'C', when: true, run: () => this.copy(message) },
      { key: 'quote', label: t.goToQuoted, icon: 'quote', when: typeof message.replyTo?.text === 'string', run: () => this.quoted(message) },
      { key: 'seen', label: t.seenBy, icon: 'seen', when: message.state === 'sent' && this.isMine(message), run: () => this.seenBy(message) },
      { key: 'discard', label: t.discard, icon: 'delete', hint: 'Del', isDanger: true, when: message.state === 'failed', run: () => this.discard(message) },
      { key: 'delete', label: t.remove, icon: 'delete', hint: 'Del', isDanger: true, when: this.canDelete(message), run: () => this.remove(message) },
    ];
    return all.filter((item) => item.when);
  }
}
