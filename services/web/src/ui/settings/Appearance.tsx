import { useStrings } from '../../i18n/index.ts';
import { Switch } from '../parts/Switch.tsx';
import { useEngine, useStore } from '../store.ts';
import { Choice } from './Choice.tsx';

const SMALLEST = 13;
const LARGEST = 20;

export function Appearance() {
  const t = useStrings();
  const engine = useEngine();
  const { theme, textSize, reduceMotion, enterSends, arrowUpEdits } = useStore((s) => s.settings);
  return (
    <>
      <Choice
        label={t.settings.theme}
        value={theme}
        options={[
          { value: 'system', label: t.settings.system },
          { value: 'light', label: t.settings.light },
          { value: 'dark', label: t.settings.dark },
        ]}
        onChange={(value) => engine.changeSettings({ theme: value })}
      />
      <div className="card">
        <label className="line slider-line">
          <span className="line-text">
            {t.settings.textSize} <output>{textSize}</output>
          </span>
          <input type="range" min={SMALLEST} max={LARGEST} step={1} value={textSize} onChange={(event) => engine.changeSettings({ textSize: Number(event.target.value) })} />
        </label>
        <div className="sample paper" aria-hidden="true">
          <div className="msg in first last"><div className="bubble"><div className="text">{t.settings.textSizeSample}</div></div></div>
          <div className="msg out first last"><div className="bubble"><div className="text">{t.settings.textSizeAnswer}</div></div></div>
        </div>
        <Switch label={t.settings.reduceMotion} checked={reduceMotion} onChange={(on) => engine.changeSettings({ reduceMotion: on })} />
      </div>
      <section className="card" aria-label={t.settings.keyboard}>
        <h2 className="section">{t.settings.keyboard}</h2>
        <Switch label={t.settings.enterSends} hint={enterSends ? t.settings.enterSendsOn : t.settings.enterSendsOff} checked={enterSends} onChange={(on) => engine.changeSettings({ enterSends: on })} />
        <Switch label={t.settings.arrowUpEdits} checked={arrowUpEdits} onChange={(on) => engine.changeSettings({ arrowUpEdits: on })} />
      </section>
    </>
  );
}
