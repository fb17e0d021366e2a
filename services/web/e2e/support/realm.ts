import { randomBytes } from 'node:crypto';
import { KEYCLOAK_ADMIN_PASSWORD, KEYCLOAK_URL } from './stack.ts';

export const PASSWORD = 'correct-horse-battery';

export interface Account {
  /** Keycloak's id, not the messenger's. */
  subject: string;
  username: string;
  password: string;
  /** As others see it. */
  name: string;
}

/** Keycloak's administrator: throw-away accounts, and what is done in the realm's console. */
export class Realm {
  private token = '';
  private made: string[] = [];

  /** Make an account that nobody else uses; `dispose` removes it. */
  async newAccount(name = 'Test Person'): Promise<Account> {
    const [first = name, ...rest] = name.split(' ');
    const username = `${first.toLowerCase().replace(/[^a-z0-9]/g, '') || 'person'}-${randomBytes(4).toString('hex')}`;
    const response = await this.call('POST', '/users', {
      username,
      enabled: true,
      email: `${username}@example.com`,
      emailVerified: true,
      firstName: first,
      lastName: rest.join(' ') || 'Throwaway',
      credentials: [{ type: 'password', value: PASSWORD, temporary: false }],
    });
    const subject = response.headers.get('location')?.split('/').pop() ?? '';
    this.made.push(subject);
    return { subject, username, password: PASSWORD, name: `${first} ${rest.join(' ') || 'Throwaway'}` };
  }

  /** End all logins of an account, as an administrator does. */
  async logOut(account: Account): Promise<void> {
    await this.call('POST', `/users/${account.subject}/logout`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.made.splice(0).map((subject) => this.call('DELETE', `/users/${subject}`)));
  }

  /** Call the admin API below the realm; throws unless it succeeds. */
  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const ask = () =>
      fetch(`${KEYCLOAK_URL}/admin/realms/messenger${path}`, {
        method,
        headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
    let response = await ask();
    if (response.status === 401) {
      // Its token lives for a minute.
      await this.logIn();
      response = await ask();
    }
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  private async logIn(): Promise<void> {
    const response = await fetch(`${KEYCLOAK_URL}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'admin-cli',
        username: 'admin',
        password: KEYCLOAK_ADMIN_PASSWORD,
      }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    this.token = access_token;
  }
}
