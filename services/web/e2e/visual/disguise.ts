import type { BrowserContext, WebSocketRoute } from '@playwright/test';

type Numbers = ReadonlyMap<number, number>;

/** What the server calls somebody or something, and what the page shall take it for. */
export interface Cast {
  people: Numbers;
  chats: Numbers;
}

/** Number what there is from one on: colours follow numbers, and the server's differ from run to run. */
export function cast(people: readonly number[], chats: readonly number[]): Cast {
  const numbered = (ids: readonly number[]) => new Map(ids.map((id, at) => [id, at + 1]));
  return { people: numbered(people), chats: numbered(chats) };
}

const inverse = (numbers: Numbers): Numbers => new Map([...numbers].map(([one, other]) => [other, one]));
const SUFFIX = /-[0-9a-f]{8}$/;
const PEOPLE = ['user_id', 'sender_id', 'creator_id'];

/** JSON with other numbers for people and chats, and usernames without what makes them unique. */
function translated(text: string, { people, chats }: Cast): string {
  const read = function (this: Record<string, unknown>, key: string, value: unknown): unknown {
    if (key === 'username' && typeof value === 'string') return value.replace(SUFFIX, '');
    if (key === 'chats' && typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value).map(([id, of]) => [chats.get(Number(id)) ?? id, of as unknown]));
    if (typeof value !== 'number') return value;
    if (PEOPLE.includes(key) || (key === 'id' && 'username' in this)) return people.get(value) ?? value;
    if (key === 'chat_id' || (key === 'id' && 'participants' in this)) return chats.get(value) ?? value;
    return value;
  };
  return text === '' ? '' : JSON.stringify(JSON.parse(text, read));
}

/** The address that the server knows. */
function addressed(url: string, { people, chats }: Cast): string {
  return url
    .replace(/\/api\/(chats|history)\/(\d+)/, (_, what: string, id: string) => `/api/${what}/${chats.get(Number(id)) ?? id}`)
    .replace(/\/api\/users\/(\d+)/, (_, id: string) => `/api/users/${people.get(Number(id)) ?? id}`);
}

/** Sessions have begun and been used at fixed times, and come from nowhere. */
function dated(text: string, now: Date): string {
  const before = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
  const sessions = JSON.parse(text) as { current: boolean }[];
  const told = sessions.map((session, at) => ({
    ...session,
    address: `192.0.2.${at + 1}`,
    created_at: before(1_000 * (at + 1)),
    last_used_at: before(session.current ? 0 : 190 * at + 5),
  }));
  return JSON.stringify(told);
}

/** The socket of a page in disguise. */
export class Wire {
  private readonly sockets: WebSocketRoute[] = [];
  private isCut = false;
  private tell: () => void = () => undefined;
  /** The page has been told all that there is. */
  readonly upToDate = new Promise<void>((done) => (this.tell = done));

  constructor(private readonly context: BrowserContext) {}

  /** Let the frames through, translated both ways. */
  async lay(told: Cast, asked: Cast): Promise<void> {
    // Who has no chats does not ask for what has happened in them.
    const last = told.chats.size > 0 ? '"type":"synced"' : '"type":"hello"';
    await this.context.routeWebSocket('**/ws', (socket) => {
      if (this.isCut) return void socket.close({ code: 1001 });
      const server = socket.connectToServer();
      this.sockets.push(socket, server);
      socket.onMessage((text) => server.send(translated(String(text), asked)));
      server.onMessage((text) => {
        const passed = translated(String(text), told);
        socket.send(passed);
        if (passed.includes(last)) this.tell();
      });
    });
  }

  /** No socket stays and none is opened, as it is without a network. */
  async cut(): Promise<void> {
    this.isCut = true;
    await this.context.setOffline(true);
    await Promise.all(this.sockets.map((socket) => socket.close({ code: 1001 })));
  }
}

/** Let the pages of a browser see the real server's answers with made-up numbers and times. */
export async function disguise(context: BrowserContext, told: Cast, now: Date): Promise<Wire> {
  const asked: Cast = { people: inverse(told.people), chats: inverse(told.chats) };
  await context.route('**/api/**', async (route) => {
    const response = await route.fetch({ url: addressed(route.request().url(), asked) });
    await route.fulfill({ response, body: translated(await response.text(), told) });
  });
  await context.route('**/auth/sessions', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: dated(await response.text(), now) });
  });
  const wire = new Wire(context);
  await wire.lay(told, asked);
  return wire;
}
