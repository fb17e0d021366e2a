import { defineConfig, devices } from '@playwright/test';
import { PUBLIC_URL } from './support/stack.ts';

const report = process.env.TEST_REPORT;

const browser = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // The first port of test stacks, 10080, is on the list of those that browsers refuse.
    `--explicitly-allowed-ports=${new URL(PUBLIC_URL).port}`,
  ],
};

/** How letters become pixels is otherwise the system's choice. */
const SAME_LETTERS = ['--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb'];

/**
 * Browser tests against a running stack: `make test-up`, then `make test-web ARGS="smoke"`.
 * What kills processes lies in e2e/faults and runs alone, afterwards.
 */
export default defineConfig({
  testDir: '.',
  outputDir: process.env.E2E_RESULTS ?? '../../../.state/web-results',
  preserveOutput: 'failures-only',
  workers: 2,
  fullyParallel: true,
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: {
    timeout: 10_000,
    // 0.2 % of the pixels may differ; one does when one can see it. Playwright's own threshold lets other greys pass.
    toHaveScreenshot: { maxDiffPixelRatio: 0.002, threshold: 0.02, animations: 'disabled', caret: 'hide', scale: 'css' },
  },
  reporter: [['list'], ...(report ? [['junit', { outputFile: report }] as ['junit', { outputFile: string }]] : [])],
  projects: [
    { name: 'together', testIgnore: 'faults/**' },
    { name: 'faults', testMatch: 'faults/**/*.spec.ts' },
    // Not tests: they write docs/screens/web-*.png (`make screens`).
    { name: 'screens', testMatch: 'screens/*.shot.ts' },
    // `make soak`: hours in one tab, in which servers may be restarted.
    { name: 'soak', testMatch: 'soak/*.run.ts', expect: { timeout: 60_000 }, use: { actionTimeout: 60_000 } },
    // `make visual`: each page is compared with its picture in e2e/visual.
    {
      name: 'visual',
      testMatch: 'visual/*.shot.ts',
      snapshotPathTemplate: '{testDir}/visual/{arg}{ext}',
      use: { launchOptions: { ...browser, args: [...browser.args, ...SAME_LETTERS] } },
    },
  ],
  use: {
    ...devices['Desktop Chrome'],
    baseURL: PUBLIC_URL,
    locale: 'en-US',
    // The worker would answer from what an earlier test has loaded; tests of it say serviceWorkers: 'allow'.
    serviceWorkers: 'block',
    // Without its film, which takes a third of the time of two cores; and not where nobody can open it.
    trace: process.env.CI ? 'off' : { mode: 'retain-on-failure', screenshots: false },
    actionTimeout: 15_000,
    launchOptions: browser,
  },
});
