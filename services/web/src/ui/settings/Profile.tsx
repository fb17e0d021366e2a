import { ExternalLink } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { useStore } from '../store.ts';

/** Keycloak's own console: the gateway passes it on. */
const ACCOUNT = '/realms/messenger/account';

export function Profile() {
  const t = useStrings();
  const me = useStore((s) => s.me);
  return (
    <>
      {me && (
        <div className="face">
          <Avatar title={me.name || me.username} hue={me.id} size={96} />
          <p className="face-title" dir="auto">{me.name || me.username}</p>
          <p className="quiet">@{me.username}</p>
        </div>
      )}
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
