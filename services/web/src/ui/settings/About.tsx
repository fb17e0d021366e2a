import { BookOpen } from 'lucide-react';
import { useStrings } from '../../i18n/index.ts';
import { Logo } from '../parts/Logo.tsx';

export function About() {
  const t = useStrings();
  return (
    <>
      <div className="face">
        <Logo size={88} />
        <p className="face-title">{t.app}</p>
        <p className="quiet">{t.settings.aboutText}</p>
      </div>
      <div className="card">
        <a className="line accent" href="/api/docs" target="_blank" rel="noopener">
          <BookOpen size={20} aria-hidden="true" />
          <span className="line-text">{t.settings.docs}</span>
        </a>
      </div>
      <p className="hint">{t.settings.icons}</p>
    </>
  );
}
