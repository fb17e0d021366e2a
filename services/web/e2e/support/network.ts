import type { BrowserContext, Page, WebSocketRoute } from '@playwright/test';

/**
 * Told of a frame from the server; `drop` keeps it from the page, `break` breaks its socket before it has arrived.
 * Of a socket that lives on, nothing is lost in reality but everything.
 */
export type FrameWatcher = (frame: { type: string; [name: string]: unknown }) => 'pass' | 'drop' | 'break';

/** After it the page waits two seconds at most, however often it comes; after other breaks longer and longer. */
const RESTARTING = 1012;

/**
 * The cable of one browser. `setOffline` alone leaves open sockets alone, which a broken network does not.
 * Make it before the page is loaded whose sockets it shall hold.
 */
export class Network {
  private sockets: { page: WebSocketRoute; server: WebSocketRoute }[] = [];
  private isCut = false;
  /** How many sockets have been opened. */
  opened = 0;
  watch: FrameWatcher = () => 'pass';

  private constructor(private readonly context: BrowserContext) {}

  static async of(page: Page): Promise<Network> {
    const network = new Network(page.context());
    await network.context.routeWebSocket('**/ws', (socket) => network.hold(socket));
    return network;
  }

  /** No request gets through, and what was open is gone. */
  async cut(): Promise<void> {
    this.isCut = true;
    await this.context.setOffline(true);
    await this.closeSockets();
  }

  async mend(): Promise<void> {
    this.isCut = false;
    await this.context.setOffline(false);
  }

  /** Break the sockets: new ones can be opened at once. */
  async closeSockets(code = 1001): Promise<void> {
    const open = this.sockets.splice(0);
    await Promise.all(open.flatMap(({ page, server }) => [page.close({ code }), server.close()]));
  }

  /** Give the page a frame as if the server had sent it. */
  tell(frame: object): void {
    for (const { page } of this.sockets) page.send(JSON.stringify(frame));
  }

  private hold(socket: WebSocketRoute): void {
    if (this.isCut) {
      void socket.close({ code: 1001 });
      return;
    }
    this.opened += 1;
    const server = socket.connectToServer();
    this.sockets.push({ page: socket, server });
    server.onMessage((text) => {
      if (!this.sockets.some(({ page }) => page === socket)) return;
      const fate = this.watch(JSON.parse(String(text)) as { type: string });
      if (fate === 'pass') socket.send(text);
      else if (fate === 'break') void this.closeSockets(RESTARTING);
    });
  }
}
