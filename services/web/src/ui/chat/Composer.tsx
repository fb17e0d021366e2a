import { forwardRef, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Check, Pencil, Reply, SendHorizontal, X } from 'lucide-react';
import type { Draft, Id, Message, Quote } from '../../engine/model.ts';
import { useStrings } from '../../i18n/index.ts';
import { nameOf } from '../../lists/chats.ts';
import { useEscape } from '../escape.ts';
import { composerAction, isMac, isTouch } from '../keys/keymap.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { ask, toast, useEngine, useMe, useStore } from '../store.ts';
import { lengthOf, MAX_TEXT } from '../text/linkify.ts';
import { quoteOf } from './messageActions.ts';

const DRAFT_MS = 300;
const COUNTER_FROM = MAX_TEXT - 200;
const MAX_HEIGHT_PX = 260;

export interface ComposerHandle {
  reply: (message: Message) => void;
  edit: (message: Message) => void;
  /** Put a refused message back into the field. */
  resend: (message: Message) => void;
  focus: () => void;
}

interface Writing {
  text: string;
  replyTo: Quote | null;
  editing: Message | null;
  /** What was being written when editing began. */
  aside: string;
}

interface ComposerProps {
  chatId: Id;
  /** The newest messages, for ↑ and Ctrl+↑. */
  messages: readonly Message[];
  onSend: (text: string, replyTo: Quote | null) => void;
  onWalk: () => void;
}

function fromDraft(draft: Draft | undefined, messages: readonly Message[]): Writing {
  const editing = draft?.editing == null ? null : (messages.find((m) => m.id === draft.editing) ?? null);
  if (draft?.editing != null && !editing) return { text: '', replyTo: null, editing: null, aside: '' };
  return { text: draft?.text ?? '', replyTo: draft?.replyTo ?? null, editing, aside: '' };
}

/** The draft of one chat: kept 300 ms after the last change and whenever the chat is left. Events never change it. */
function useWriting(chatId: Id, messages: readonly Message[]) {
  const engine = useEngine();
  const [writing, setWriting] = useState(() => fromDraft(engine.store.getState().drafts[chatId], messages));
  const latest = useRef(writing);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const save = useCallback(() => {
    if (timer.current === undefined) return;
    clearTimeout(timer.current);
    timer.current = undefined;
    const { text, replyTo, editing } = latest.current;
    engine.setDraft(chatId, { text, replyTo, editing: editing?.id ?? null });
  }, [engine, chatId]);
  const write = useCallback((change: Partial<Writing>, isFinal = false) => {
    latest.current = { ...latest.current, ...change };
    setWriting(latest.current);
    clearTimeout(timer.current);
    timer.current = setTimeout(save, DRAFT_MS);
    if (isFinal) save();
  }, [save]);
  useEffect(() => {
    window.addEventListener('pagehide', save);
    return () => {
      window.removeEventListener('pagehide', save);
      save();
    };
  }, [save]);
  return { writing, write, current: () => latest.current };
}

export const Composer = forwardRef<ComposerHandle, ComposerProps>(function Composer({ chatId, messages, onSend, onWalk }, ref) {
  const t = useStrings();
  const me = useMe();
  const engine = useEngine();
  const settings = useStore((s) => s.settings);
  const field = useRef<HTMLTextAreaElement>(null);
  const { writing, write, current } = useWriting(chatId, messages);
  const { text, replyTo, editing } = writing;
  const length = lengthOf(text);
  const isSendable = length > 0 && length <= MAX_TEXT;

  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.blockSize = 'auto';
    area.style.blockSize = `${Math.min(area.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [text, settings.textSize]);

  const focusEnd = () => {
    const area = field.current;
    if (!area) return;
    area.focus();
    requestAnimationFrame(() => area.setSelectionRange(area.value.length, area.value.length));
  };
  const startEditing = (message: Message) => {
    const aside = current().editing ? current().aside : current().text;
    write({ text: message.text, editing: message, replyTo: null, aside });
    focusEnd();
  };
  const stopEditing = () => write({ text: current().aside, editing: null, aside: '' });

  useImperativeHandle(ref, () => ({
    reply: (message) => {
      write(current().editing ? { editing: null, text: current().aside, aside: '', replyTo: quoteOf(message) } : { replyTo: quoteOf(message) });
      focusEnd();
    },
    edit: startEditing,
    resend: (message) => {
      write({ text: message.text, replyTo: message.replyTo, editing: null });
      focusEnd();
    },
    focus: () => field.current?.focus(),
  }));

  const cancel = (): boolean => {
    const { editing: edited, replyTo: replied, text: typed } = current();
    if (edited && typed !== edited.text) {
      ask({ title: t.composer.discardTitle, text: t.composer.discardText, yes: t.composer.discard, isDanger: true, run: stopEditing });
    } else if (edited) stopEditing();
    else if (replied) write({ replyTo: null });
    else return false;
    return true;
  };
  useEscape('compose', cancel);

  const submit = () => {
    const { text: typed, editing: edited, replyTo: replied, aside } = current();
    const n = lengthOf(typed);
    if (edited?.id != null) {
      if (n === 0 || n > MAX_TEXT) return;
      write({ text: aside, editing: null, aside: '' }, true);
      if (typed.trim() !== edited.text) engine.edit(chatId, edited.id, typed.trim()).catch(() => toast(t.message.editFailed));
    } else if (n > 0 && n <= MAX_TEXT) {
      write({ text: '', replyTo: null }, true);
      onSend(typed.trim(), replied);
    }
    field.current?.focus();
  };

  const chooseReply = (step: -1 | 1) => {
    const sent = messages.filter((m) => m.id !== null);
    const at = current().replyTo ? sent.findIndex((m) => m.id === current().replyTo?.id) : sent.length;
    const next = sent[at + step];
    if (next) write({ replyTo: quoteOf(next) });
    else if (step === 1) write({ replyTo: null });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Tab' && event.shiftKey) {
      event.preventDefault();
      onWalk();
      return;
    }
    const { enterSends, arrowUpEdits } = settings;
    // Safari ends a composition before it tells of the Enter that did it: 229.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- Nothing else tells.
    const native = { ...pick(event), isComposing: event.nativeEvent.isComposing || event.keyCode === 229 };
    const action = composerAction(native, { isMac: isMac(), isTouch: isTouch(), enterSends, arrowUpEdits, isEmpty: text === '' });
    if (action === null) return;
    event.preventDefault();
    if (action === 'send') submit();
    else if (action === 'newline') event.currentTarget.setRangeText('\n', event.currentTarget.selectionStart, event.currentTarget.selectionEnd, 'end');
    else if (action === 'edit-last') {
      const own = messages.findLast((m) => m.senderId === me && m.state === 'sent');
      if (own) startEditing(own);
    } else chooseReply(action === 'reply-older' ? -1 : 1);
    if (action === 'newline') write({ text: event.currentTarget.value });
  };

  return (
    <form
      className="composer"
      aria-label={t.composer.label}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="c-box">
        {(editing ?? replyTo) && <ComposerBar replyTo={replyTo} editing={editing} onCancel={cancel} />}
        <textarea
          ref={field}
          id="composer"
          rows={1}
          value={text}
          placeholder={t.composer.label}
          aria-label={t.composer.label}
          aria-invalid={length > MAX_TEXT}
          aria-describedby={length > COUNTER_FROM ? 'composer-left' : undefined}
          dir="auto"
          autoComplete="off"
          onKeyDown={onKeyDown}
          onChange={(event) => {
            write({ text: event.target.value });
            if (event.target.value && !current().editing) engine.typing(chatId);
          }}
        />
        {length > COUNTER_FROM && (
          <p id="composer-left" className={`counter ${length > MAX_TEXT ? 'danger' : ''}`} role="status">
            {length > MAX_TEXT ? t.composer.tooLong(length - MAX_TEXT) : t.composer.left(MAX_TEXT - length)}
          </p>
        )}
      </div>
      <button
        type="submit"
        className="send"
        aria-label={editing ? t.composer.save : t.composer.send}
        title={editing ? t.composer.save : t.composer.send}
        disabled={!isSendable}
        // The field keeps the focus, and a phone its keyboard.
        onPointerDown={(event) => event.preventDefault()}
      >
        {editing ? <Check size={25} /> : <SendHorizontal size={24} />}
      </button>
    </form>
  );
});

function pick({ key, code, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent) {
  return { key, code, ctrlKey, metaKey, altKey, shiftKey };
}

function ComposerBar({ replyTo, editing, onCancel }: { replyTo: Quote | null; editing: Message | null; onCancel: () => void }) {
  const t = useStrings();
  const me = useMe();
  const people = useStore((s) => s.people);
  const name = replyTo ? (replyTo.senderId === me ? t.you : nameOf(people, replyTo.senderId, t)) : '';
  return (
    <div className="c-bar">
      {editing ? <Pencil size={20} aria-hidden="true" /> : <Reply size={22} aria-hidden="true" />}
      <span className="c-bar-text">
        <b dir="auto">{editing ? t.composer.editing : t.composer.replyingTo(name)}</b>
        <span dir="auto">{editing?.text ?? replyTo?.text ?? t.message.deletedQuote}</span>
      </span>
      <IconButton label={editing ? t.composer.cancelEdit : t.composer.cancelReply} onClick={() => onCancel()}>
        <X size={20} />
      </IconButton>
    </div>
  );
}
