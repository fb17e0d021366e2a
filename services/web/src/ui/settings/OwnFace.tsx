import { Avatar } from '../parts/Avatar.tsx';
import { useStore } from '../store.ts';

/** Who is logged in, large; nothing until that is known. */
export function OwnFace() {
  const me = useStore((s) => s.me);
  if (!me) return null;
  const name = me.name || me.username;
  return (
    <div className="face">
      <Avatar title={name} hue={me.id} size={96} />
      <p className="face-title" dir="auto">{name}</p>
      <p className="quiet">@{me.username}</p>
    </div>
  );
}
