import { useStrings } from '../../i18n/index.ts';
import { useEngine, useStore } from '../store.ts';
import { Choice } from './Choice.tsx';
import { LANGUAGES } from './languages.ts';

export function LanguagePage() {
  const t = useStrings();
  const engine = useEngine();
  const language = useStore((s) => s.settings.language);
  return <Choice label={t.settings.language} value={language} options={LANGUAGES} onChange={(value) => engine.changeSettings({ language: value })} />;
}
