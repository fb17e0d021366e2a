import { useState } from 'react';
import { useStrings } from '../../i18n/index.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { toast, useEngine } from '../store.ts';

const MAX_TITLE = 128;

export function RenameDialog({ chatId, title, onClose }: { chatId: number; title: string; onClose: () => void }) {
  const t = useStrings();
  const engine = useEngine();
  const [text, setText] = useState(title);
  const wanted = text.trim();
  return (
    <Dialog title={t.info.rename} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!wanted) return;
          if (wanted !== title) engine.renameGroup(chatId, wanted).catch(() => toast(t.info.failed));
          onClose();
        }}
      >
        <label className="field">
          <span>{t.people.groupTitle}</span>
          <input type="text" value={text} maxLength={MAX_TITLE} required autoFocus autoComplete="off" dir="auto" onChange={(event) => setText(event.target.value)} />
        </label>
        <div className="dialog-buttons">
          <button type="button" className="text-button" onClick={onClose}>{t.cancel}</button>
          <button type="submit" className="text-button" disabled={!wanted}>{t.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
