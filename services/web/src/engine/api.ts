import { RequestError } from './engine.ts';
import type { Environment } from './environment.ts';
import type { EndReason } from './model.ts';
import type { WireRefresh } from './wire.ts';

const PATIENCE_MS = 20_000;

interface Problem {
  title?: string;
  detail?: string;
  reason?: string | null;
}

export interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Whether the outcome is certain: the server understood and refused, and would refuse again. */
export function isDefinite(error: RequestError): boolean {
  const again = [401, 408, 425, 429];
  return error.status >= 400 && error.status < 500 && !again.includes(error.status);
}

export function endReason(reason: string | null | undefined): EndReason | null {
  return reason === 'logout' || reason === 'revoked' || reason === 'evicted' || reason === 'expired' ? reason : null;
}

/** REST with the cookies of this browser: every failure is a `RequestError`; a stale token is renewed once. */
export class Api {
  /** When the access token expires; 0 when that is not known. */
  expiresAt = 0;
  private refreshing: Promise<void> | null = null;
  private refreshedAt = -1;

  constructor(
    private readonly env: Environment,
    /** The session is over; the reason is null when there is no session at all. */
    private readonly onEnded: (reason: EndReason | null) => void,
  ) {}

  get<T>(path: string, options?: CallOptions): Promise<T> {
    return this.call('GET', path, options);
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.call('POST', path, { body });
  }

  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    const startedAt = this.env.now();
    const first = await this.send(method, path, options);
    if (first.status !== 401) return this.read<T>(first);
    if (path.startsWith('/auth/')) {
      if (path !== '/auth/logout') this.onEnded(endReason(problemOf(first).reason));
      return this.read<T>(first);
    }
    await this.refresh(startedAt);
    return this.read<T>(await this.send(method, path, options));
  }

  /** Renew the access token; all who ask at once share one call, and who was refused before the last one needs none. */
  refresh(since = Infinity): Promise<void> {
    if (this.refreshedAt > since) return Promise.resolve();
    this.refreshing ??= this.renew().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  private async renew(): Promise<void> {
    const { expires_in } = await this.call<WireRefresh>('POST', '/auth/refresh');
    this.refreshedAt = this.env.now();
    this.expiresAt = this.refreshedAt + expires_in * 1000;
  }

  private async send(method: Method, path: string, { body, signal }: CallOptions): Promise<Answer> {
    const ends = new AbortController();
    const abort = () => ends.abort();
    const timer = this.env.setTimeout(abort, PATIENCE_MS);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (method !== 'GET') headers['X-CSRF'] = '1';
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      const init: RequestInit = { method, headers, signal: ends.signal, credentials: 'same-origin', cache: 'no-store' };
      if (body !== undefined) init.body = JSON.stringify(body);
      const response = await this.env.fetch(this.env.origin + path, init);
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw new RequestError(0, 'No answer', String(error));
    } finally {
      this.env.clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- The caller knows what the path answers.
  private read<T>(answer: Answer): T {
    if (answer.status < 200 || answer.status > 299) {
      const { title, detail } = problemOf(answer);
      throw new RequestError(answer.status, title ?? '', detail ?? '', retryAfter(answer, this.env.now()));
    }
    if (answer.text === '') return undefined as T;
    try {
      return JSON.parse(answer.text) as T;
    } catch (error) {
      // Cut in the middle, or somebody else's page, as of a hotel's network.
      throw new RequestError(0, 'No answer', String(error));
    }
  }
}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

function problemOf(answer: Answer): Problem {
  try {
    const problem: unknown = JSON.parse(answer.text);
    return typeof problem === 'object' && problem !== null ? problem : {};
  } catch {
    return {};
  }
}

function retryAfter(answer: Answer, now: number): number | null {
  const header = answer.headers.get('Retry-After');
  if (header === null) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return seconds;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}
