import type { Entry } from './db.ts';
import type { Channel, Environment } from './environment.ts';
import type { Draft, EndReason, Id, Message, Settings } from './model.ts';

/** What the tabs of a browser tell each other. */
export type TabMessage =
  | { kind: 'queued'; entry: Entry }
  | { kind: 'unqueued'; clientId: string; message: Message | null }
  | { kind: 'paused'; until: number }
  | { kind: 'read'; chatId: Id; messageId: Id }
  | { kind: 'draft'; chatId: Id; draft: Draft | null }
  | { kind: 'settings'; settings: Settings }
  | { kind: 'signed-in' }
  | { kind: 'ended'; reason: EndReason };

interface Envelope {
  from: Id;
  message: TabMessage;
}

/** The channel between the tabs; what concerns another person than ours is not passed on, but that they are here now. */
export class Tabs {
  private channel: Channel | null = null;

  constructor(
    private readonly env: Environment,
    private readonly me: () => Id,
    private readonly on: (message: TabMessage, isOurs: boolean) => void,
  ) {}

  open(): void {
    if (this.channel) return;
    this.channel = this.env.openChannel('messenger');
    this.channel.onmessage = ({ data }) => {
      const { from, message } = data as Envelope;
      const isOurs = from === this.me();
      if (isOurs || message.kind === 'signed-in' || message.kind === 'settings') this.on(message, isOurs);
    };
  }

  tell(message: TabMessage): void {
    const envelope: Envelope = { from: this.me(), message };
    this.channel?.postMessage(envelope);
  }

  close(): void {
    this.channel?.close();
    this.channel = null;
  }
}
