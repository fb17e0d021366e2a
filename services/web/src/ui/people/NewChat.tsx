import { useState } from 'react';
import { ArrowLeft, ArrowRight, Check, Users } from 'lucide-react';
import type { Person } from '../../engine/model.ts';
import { useStrings } from '../../i18n/index.ts';
import { useEscape } from '../escape.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { chatPath, goBack, replace } from '../place.ts';
import { toast, useEngine } from '../store.ts';
import { PeoplePicker } from './PeoplePicker.tsx';
import { PersonFace } from './PersonRow.tsx';

const MAX_TITLE = 128;

function toggled(chosen: Person[], person: Person): Person[] {
  return chosen.some((one) => one.id === person.id) ? chosen.filter((one) => one.id !== person.id) : [...chosen, person];
}

/** S5: a chat with one person, or a group in two steps. */
export default function NewChat({ isGroup }: { isGroup: boolean }) {
  const t = useStrings();
  const engine = useEngine();
  const [chosen, setChosen] = useState<Person[]>([]);
  const [step, setStep] = useState<'people' | 'title'>('people');
  const back = () => {
    if (step === 'title') setStep('people');
    else goBack('/');
  };
  useEscape('pane', () => {
    back();
    return true;
  });
  const open = (chat: Promise<number>) => void chat.then((id) => replace(chatPath(id)), () => toast(t.people.createFailed));

  return (
    <div className="pane-left">
      <header className="left-head">
        <IconButton label={t.back} onClick={back}>
          <ArrowLeft size={22} />
        </IconButton>
        <h1 className="left-title">{isGroup ? t.people.newGroup : t.people.newChat}</h1>
      </header>
      {step === 'title' ? (
        <GroupTitle people={chosen} onCreate={(title) => open(engine.createGroup(title, chosen.map((person) => person.id)))} />
      ) : (
        <div className="scroll">
          {!isGroup && (
            <button type="button" className="person" onClick={() => replace('/new#group')}>
              <span className="avatar group-icon" data-size="42" aria-hidden="true"><Users size={20} /></span>
              <span className="person-text"><b>{t.people.newGroup}</b></span>
            </button>
          )}
          {isGroup ? (
            <PeoplePicker key="several" chosen={chosen} onToggle={(person) => setChosen((all) => toggled(all, person))} />
          ) : (
            <PeoplePicker key="one" onToggle={(person) => open(engine.createPrivate(person.id))} />
          )}
        </div>
      )}
      {isGroup && step === 'people' && chosen.length > 0 && (
        <IconButton label={t.people.next} className="fab shown" onClick={() => setStep('title')}>
          <ArrowRight size={24} />
        </IconButton>
      )}
    </div>
  );
}

function GroupTitle({ people, onCreate }: { people: Person[]; onCreate: (title: string) => void }) {
  const t = useStrings();
  const [title, setTitle] = useState('');
  const [isSent, setSent] = useState(false);
  const wanted = title.trim();
  const create = () => {
    setSent(true);
    onCreate(wanted);
    setTimeout(() => setSent(false), 3000);
  };
  return (
    <form
      className="scroll form"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted) create();
      }}
    >
      <div className="form-face"><Avatar title={wanted || '…'} hue={wanted.length} size={96} /></div>
      <label className="field">
        <span>{t.people.groupTitle}</span>
        <input type="text" value={title} maxLength={MAX_TITLE} autoFocus autoComplete="off" dir="auto" required aria-describedby="title-hint" onChange={(event) => setTitle(event.target.value)} />
      </label>
      <p className="hint" id="title-hint">{t.people.needTitle}</p>
      <h2 className="section">{t.people.selected(people.length)}</h2>
      <ul className="people-list">
        {people.map((person) => (
          <li key={person.id} className="person"><PersonFace person={person} /></li>
        ))}
      </ul>
      <button type="submit" className="icon fab shown" aria-label={t.people.create} title={t.people.create} disabled={!wanted || isSent}>
        <Check size={25} />
      </button>
    </form>
  );
}
