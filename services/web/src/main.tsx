import { createRoot } from 'react-dom/client';
import type { Engine } from './engine/engine.ts';
import { createEngine } from './engine/index.ts';
import './styles/index.css';
import { App } from './ui/shell/App.tsx';
import { EngineContext } from './ui/store.ts';

/** With `--mode fixture` the interface is shown with made-up people; no other build has them. */
async function makeEngine(): Promise<Engine> {
  if (import.meta.env.MODE === 'fixture') return (await import('./ui/fixtures/engine.ts')).createFixtureEngine();
  return createEngine();
}

const root = document.getElementById('root');
if (root) {
  const engine = await makeEngine();
  engine.start();
  createRoot(root).render(
    <EngineContext value={engine}>
      <App />
    </EngineContext>,
  );
}
