import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useStrings } from '../../i18n/index.ts';
import { useInterface } from '../store.ts';

interface DialogProps {
  title: string;
  children: ReactNode;
  onClose: () => void;
  className?: string;
}

/** A native modal dialog: the browser keeps the focus, Esc and the phone's Back close it. */
export function Dialog({ title, children, onClose, className = '' }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open) return;
    dialog.showModal();
    // React gives the focus before the dialog is shown, when nothing in it can take it.
    dialog.querySelector<HTMLElement>('[data-focus]')?.focus();
  }, []);
  return (
    <dialog
      ref={ref}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        // The dialog's own box is its backdrop; what it shows lies inside.
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div className="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

/** The question that is open, if there is one. */
export function Confirm() {
  const t = useStrings();
  const question = useInterface((s) => s.question);
  if (!question) return null;
  const close = () => useInterface.setState({ question: null });
  return (
    <Dialog title={question.title} onClose={close}>
      <p>{question.text}</p>
      <form
        method="dialog"
        className="dialog-buttons"
        onSubmit={(event) => {
          event.preventDefault();
          close();
          question.run();
        }}
      >
        <button type="button" className="text-button" onClick={close}>
          {t.cancel}
        </button>
        <button type="submit" className={`text-button ${question.isDanger ? 'danger' : ''}`} data-focus>
          {question.yes}
        </button>
      </form>
    </Dialog>
  );
}
