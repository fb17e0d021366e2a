import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PUBLIC_URL } from './stack.ts';

/**
 * The messenger at another port, whose pages can be replaced by a newer version as a deployment does it: no tab, and no
 * service worker, sees anything but the network. Cookies do not know of ports, so a login at the gateway counts here.
 */
export class Deployment {
  private version: string | null = null;
  private sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('request', (asked, answer) => {
      const passed = request(this.options(asked), (response) => {
        if (asked.url === '/sw.js' && this.version !== null) {
          let body = '';
          response.setEncoding('utf8').on('data', (part: string) => (body += part)).on('end', () => {
            answer.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-cache' }).end(this.newer(body));
          });
          return;
        }
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      asked.pipe(passed);
    });
    server.on('upgrade', (asked, socket: Socket, head) => this.pass(asked, socket, head));
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<Deployment> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return new Deployment(server);
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on there is a newer version: its worker has another name and keeps its files elsewhere. */
  replace(version: string): void {
    this.version = version.padEnd(12, '0');
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.server.close(closed));
  }

  private newer(worker: string): string {
    return worker.replace(/(["'`])[0-9a-f]{12}\1/g, JSON.stringify(this.version));
  }

  private options(asked: IncomingMessage) {
    const { hostname, port, host } = new URL(PUBLIC_URL);
    const headers: IncomingMessage['headers'] = { ...asked.headers, host };
    if (headers.origin) headers.origin = PUBLIC_URL;
    // Whole and as plain text, so that it can be rewritten.
    if (asked.url === '/sw.js') for (const name of ['accept-encoding', 'if-none-match', 'if-modified-since']) delete headers[name];
    return { hostname, port, method: asked.method, path: asked.url, headers };
  }

  private pass(asked: IncomingMessage, socket: Socket, head: Buffer): void {
    const passed = request(this.options(asked));
    passed.on('error', () => socket.destroy());
    passed.on('response', (refusal) => socket.end(`HTTP/1.1 ${refusal.statusCode ?? 502} Refused\r\n\r\n`));
    passed.on('upgrade', (response, upstream: Socket, first: Buffer) => {
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
      socket.write(first);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    passed.end();
  }
}
