import { ExternalLink } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import { OwnFace } from './OwnFace.tsx';

/** Keycloak's own console: the gateway passes it on. */
const ACCOUNT = '/realms/messenger/account';

export function Profile() {
  const t = useStrings();
  return (
    <>
      <OwnFace />
      <div className="card">
        <a className="line accent" href={ACCOUNT} target="_blank" rel="noopener">
          <ExternalLink size={20} aria-hidden="true" />
          <span className="line-text">{t.settings.account}</span>
        </a>
      </div>
      <p className="hint">{t.settings.profileHint}</p>
    </>
  );
}
