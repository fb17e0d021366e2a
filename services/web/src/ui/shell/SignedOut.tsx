import { useStrings } from '../../i18n/index.ts';
import { Logo } from '../parts/Logo.tsx';
import { LANGUAGES } from '../settings/languages.ts';
import { useEngine, useStore } from '../store.ts';

/** Back to where one was, if that was a page of ours. */
function signInAddress(): string {
  return `/auth/login?return_to=${encodeURIComponent(window.location.pathname)}`;
}

/** S1: why one is out, and the way in. */
export function SignedOut() {
  const t = useStrings();
  const reason = useStore((s) => s.endReason);
  const lost = useStore((s) => s.unsentLost);
  return (
    <Page>
      <Logo size={112} />
      <h1>{t.signedOut.title}</h1>
      {reason === 'none' ? <p>{t.signedOut.lead}</p> : <p className="reason" role="status">{t.signedOut[reason]}</p>}
      {lost > 0 && <p className="danger">{t.signedOut.unsentLost(lost)}</p>}
      <a className="button big-button" href={signInAddress()} autoFocus>
        {t.signedOut.signIn}
      </a>
    </Page>
  );
}

/** The server was not reached, and nothing is known from before. */
export function Unreachable() {
  const t = useStrings();
  const engine = useEngine();
  return (
    <Page>
      <Logo size={112} />
      <h1>{t.signedOut.title}</h1>
      <p className="reason" role="alert">
        {t.signedOut.failed} {t.signedOut.failedHint}
      </p>
      <button type="button" className="button big-button" onClick={() => engine.retryStart()}>
        {t.retry}
      </button>
    </Page>
  );
}

function Page({ children }: { children: React.ReactNode }) {
  const t = useStrings();
  const engine = useEngine();
  const { language, theme } = useStore((s) => s.settings);
  return (
    <main className="out-page paper">
      <div className="out-card">{children}</div>
      <form className="out-choices" aria-label={t.settings.title} onSubmit={(event) => event.preventDefault()}>
        <label>
          <span className="sr">{t.signedOut.language}</span>
          <select value={language} onChange={(event) => engine.changeSettings({ language: event.target.value === 'ru' ? 'ru' : 'en' })}>
            {LANGUAGES.map((one) => (
              <option key={one.value} value={one.value} lang={one.lang}>{one.label}</option>
            ))}
          </select>
        </label>
        <label>
          <span className="sr">{t.signedOut.theme}</span>
          <select
            value={theme}
            onChange={(event) => {
              const { value } = event.target;
              engine.changeSettings({ theme: value === 'light' || value === 'dark' ? value : 'system' });
            }}
          >
            <option value="system">{t.settings.system}</option>
            <option value="light">{t.settings.light}</option>
            <option value="dark">{t.settings.dark}</option>
          </select>
        </label>
      </form>
    </main>
  );
}
