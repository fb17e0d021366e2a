import { execFile } from 'node:child_process';
import { get } from 'node:http';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A setting of the test stack. */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run browser tests with \`make test\` or \`make test-web\`.`);
  return value;
}

export const PUBLIC_URL = setting('PUBLIC_URL');
export const KEYCLOAK_URL = setting('KEYCLOAK_URL');
export const KEYCLOAK_ADMIN_PASSWORD = setting('KEYCLOAK_ADMIN_PASSWORD');

const BACK_MS = 60_000;

/** What the gateway says of the health of the whole; 0 while it says nothing. */
function health(): Promise<number> {
  // Not fetch(), which refuses port 10080.
  return new Promise((done) => {
    get(`${PUBLIC_URL}/healthz`, (response) => {
      response.resume();
      done(response.statusCode ?? 0);
    }).on('error', () => done(0));
  });
}

/** The processes of the stack, by the names of `make status`. Only for tests in e2e/faults, which run alone. */
export class Processes {
  /** Kill -9; the supervisor starts it again. */
  kill = (name: string) => this.ctl('kill', name);
  stop = (name: string) => this.ctl('stop', name);
  start = (name: string) => this.ctl('start', name);
  /** SIGSTOP: it holds its connections and answers nothing. */
  pause = (name: string) => this.ctl('pause', name);
  resume = (name: string) => this.ctl('resume', name);

  async restart(name: string): Promise<void> {
    await this.ctl('restart', name);
    await this.healthy();
  }

  /** Wait until every part is ready. */
  async healthy(): Promise<void> {
    const deadline = Date.now() + BACK_MS;
    while ((await health()) !== 200) {
      if (Date.now() > deadline) throw new Error(`Not every part was ready again within ${BACK_MS} ms.`);
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }

  private async ctl(action: string, name: string): Promise<void> {
    const python = process.env.MESSENGER_PYTHON ?? 'python3';
    await run(python, ['-m', 'messenger_infra', 'ctl', action, name], { cwd: process.env.MESSENGER_HOME });
  }
}
