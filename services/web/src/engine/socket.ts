import type { Api } from './api.ts';
import { Alarm, backoff } from './backoff.ts';
import { RequestError } from './engine.ts';
import type { Environment, SocketLike } from './environment.ts';
import type { EndReason, Id } from './model.ts';
import type { ClientFrame, ServerFrame } from './wire.ts';

const HELLO_MS = 10_000;
const TICK_MS = 5_000;
const QUIET_MS = 20_000;
const PONG_MS = 8_000;
const WAKE_PONG_MS = 4_000;
const RESTART_SPREAD_MS = 2_000;
const SESSION_ENDED = 4401;
const RESTARTING = 1012;

/** One socket, as long as it lives. */
export interface Link {
  readonly socket: SocketLike;
  open: boolean;
  heardAt: number;
  pingedAt: number;
}

export interface LiveHandlers {
  /** A socket has said hello and wants to be brought up to date; `userId` is whose it is, 0 when that was told before. */
  onOpen: (link: Link, userId: Id) => void;
  onFrame(frame: ServerFrame, link: Link): void;
  /** No socket is open. */
  onLost: () => void;
  onEnded: (reason: EndReason) => void;
}

/**
 * The connection to `/ws`, for as long as there is a session.
 *
 * A browser cannot send a token over the socket. So before the token behind it expires, a second socket is opened with
 * a fresh cookie; the first one goes on until the second has been synchronised (`settle`), and no frame is lost.
 */
export class Live {
  private current: Link | null = null;
  private next: Link | null = null;
  private attempt = 0;
  private running = false;
  private readonly retry: Alarm;
  private readonly tick: Alarm;
  private readonly renewal: Alarm;

  constructor(
    private readonly env: Environment,
    private readonly api: Api,
    private readonly handlers: LiveHandlers,
  ) {
    this.retry = new Alarm(env);
    this.tick = new Alarm(env);
    this.renewal = new Alarm(env);
  }

  get isOpen(): boolean {
    return this.current?.open === true;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.connect();
    this.watch();
  }

  stop(): void {
    this.running = false;
    for (const alarm of [this.retry, this.tick, this.renewal]) alarm.clear();
    for (const link of [this.current, this.next]) if (link) this.abandon(link);
    this.current = this.next = null;
  }

  send(frame: ClientFrame): boolean {
    return this.sendOn(this.current, frame);
  }

  sendOn(link: Link | null, frame: ClientFrame): boolean {
    if (!link?.open) return false;
    link.socket.send(JSON.stringify(frame));
    return true;
  }

  /** The network is back or the page is visible again: no more waiting, and a look whether the socket still lives. */
  wake(): void {
    if (!this.running) return;
    this.attempt = 0;
    if (this.current) this.check(this.current, WAKE_PONG_MS);
    else if (this.retry.isSet) this.connect();
  }

  /** A socket has been brought up to date: it is the one. */
  settle(link: Link): void {
    this.attempt = 0;
    if (link !== this.next) return;
    if (this.current) this.abandon(this.current);
    this.current = link;
    this.next = null;
  }

  /** Begin anew with a socket that answers nothing sensible. */
  reconnect(link: Link): void {
    this.abandon(link);
    this.lost(link, 0, '');
  }

  private connect(): void {
    this.retry.clear();
    if (!this.current) this.current = this.open();
  }

  private open(): Link {
    const url = `${this.env.origin.replace(/^http/, 'ws')}/ws`;
    const link: Link = { socket: this.env.openSocket(url), open: false, heardAt: this.env.now(), pingedAt: 0 };
    link.socket.onmessage = ({ data }) => this.hear(link, String(data));
    link.socket.onclose = ({ code, reason }) => this.lost(link, code, reason);
    this.env.setTimeout(() => {
      if (!link.open && (link === this.current || link === this.next)) this.reconnect(link);
    }, HELLO_MS);
    return link;
  }

  private hear(link: Link, text: string): void {
    link.heardAt = this.env.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(text) as ServerFrame;
    } catch {
      return;
    }
    if (frame.type === 'hello') {
      link.open = true;
      this.handlers.onOpen(link, frame.user_id);
    } else if (frame.type === 'reauth_required') {
      if (link === this.current) void this.renew(frame.in_s);
    } else if (frame.type !== 'pong') {
      this.handlers.onFrame(frame, link);
    }
  }

  /** Take a socket out of service without waiting for its end. */
  private abandon(link: Link): void {
    link.open = false;
    link.socket.onmessage = link.socket.onclose = null;
    link.socket.close(1000);
  }

  private lost(link: Link, code: number, reason: string): void {
    const neverOpened = !link.open;
    link.open = false;
    if (!this.running) return;
    if (link === this.next) {
      this.next = null;
      if (this.current?.open) this.handlers.onOpen(this.current, 0);
      if (code === SESSION_ENDED && reason !== 'expired') this.sessionEnded(reason);
      return;
    }
    if (link !== this.current) return;
    this.current = this.next?.open ? this.next : null;
    if (this.current) this.next = null;
    else this.handlers.onLost();
    if (code === SESSION_ENDED) this.sessionEnded(reason);
    else if (!this.current) this.later(code, neverOpened);
  }

  private later(code: number, neverOpened: boolean): void {
    const spread = code === RESTARTING ? this.env.random() * RESTART_SPREAD_MS : backoff(this.attempt, this.env.random);
    this.attempt += 1;
    this.retry.set(spread, () => {
      // A refused handshake tells a browser nothing: the token may have expired, as after sleep.
      const stale = this.api.expiresAt <= this.env.now();
      if (neverOpened && stale) void this.refreshThen(() => this.connect());
      else this.connect();
    });
  }

  /** `expired` may be said of the token alone, whose session lives: the gateway knows. Other reasons are final. */
  private sessionEnded(reason: string): void {
    if (reason === 'logout' || reason === 'revoked' || reason === 'evicted') this.handlers.onEnded(reason);
    else void this.refreshThen(() => (this.attempt++ === 0 ? this.connect() : this.later(0, false)));
  }

  private async refreshThen(go: () => void): Promise<void> {
    try {
      await this.api.refresh();
    } catch {
      // Without a session `api` has said so, and we are stopped.
      if (this.isWaiting()) this.later(0, true);
      return;
    }
    if (this.isWaiting()) go();
  }

  private isWaiting(): boolean {
    return this.running && !this.current;
  }

  private async renew(seconds: number): Promise<void> {
    const first = this.current;
    try {
      await this.api.refresh();
    } catch (error) {
      const hopeless = error instanceof RequestError && error.status === 401;
      if (!hopeless && seconds > 2) this.renewal.set(2_000, () => void this.renew(seconds - 2));
      return;
    }
    if (!this.running || this.current !== first || this.next) return;
    this.next = this.open();
    // Should it not come to be, the first one still lives for a while.
    this.renewal.set(HELLO_MS, () => {
      if (this.current === first && !this.next && seconds > HELLO_MS / 1000) void this.renew(seconds - HELLO_MS / 1000);
    });
  }

  private watch(): void {
    this.tick.set(TICK_MS, () => {
      for (const link of [this.current, this.next]) if (link?.open) this.examine(link);
      this.watch();
    });
  }

  private examine(link: Link): void {
    const now = this.env.now();
    const unanswered = link.pingedAt > link.heardAt;
    if (unanswered && now - link.pingedAt >= PONG_MS) this.reconnect(link);
    else if (!unanswered && now - link.heardAt >= QUIET_MS) this.ping(link);
  }

  private check(link: Link, patienceMs: number): void {
    if (!link.open) return;
    const askedAt = this.env.now();
    this.ping(link);
    this.env.setTimeout(() => {
      if (link === this.current && link.heardAt < askedAt) this.reconnect(link);
    }, patienceMs);
  }

  private ping(link: Link): void {
    link.pingedAt = this.env.now();
    this.sendOn(link, { type: 'ping' });
  }
}
