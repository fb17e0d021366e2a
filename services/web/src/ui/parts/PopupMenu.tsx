import { Menu } from '@base-ui/react/menu';
import {
  BellOff, Bell, CheckCheck, CornerUpLeft, Copy, Info, LogOut, MessageCircle, Pencil, Pin, PinOff, Reply, RotateCw, Settings, ShieldCheck, ShieldOff, Trash2, UserMinus, Users,
} from 'lucide-react';
import { useInterface, type MenuItem, type OpenMenu } from '../store.ts';

const ICONS: Record<MenuItem['icon'], typeof Reply> = {
  reply: Reply, copy: Copy, edit: Pencil, delete: Trash2, seen: CheckCheck, quote: CornerUpLeft, retry: RotateCw, pin: Pin, unpin: PinOff, mute: BellOff, unmute: Bell,
  info: Info, leave: LogOut, settings: Settings, chat: MessageCircle, group: Users, admin: ShieldCheck, member: ShieldOff, remove: UserMinus,
};

/** The menu at a point: of a message, a chat, a member. There is one at a time. */
export default function PopupMenu({ menu }: { menu: OpenMenu }) {
  const anchor = { getBoundingClientRect: () => DOMRect.fromRect({ x: menu.x, y: menu.y, width: 0, height: 0 }) };
  const close = () => useInterface.setState((s) => (s.menu === menu ? { menu: null } : s));
  return (
    <Menu.Root open modal={false} onOpenChange={(isOpen) => { if (!isOpen) close(); }}>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" anchor={anchor} side="bottom" align="start" sideOffset={2} collisionPadding={8}>
          <Menu.Popup className="menu" aria-label={menu.label} finalFocus={() => menu.returnTo ?? false}>
            {menu.items.map((item) => {
              const Icon = ICONS[item.icon];
              return (
                <Menu.Item key={item.key} className={`menu-item ${item.isDanger ? 'danger' : ''}`} onClick={() => { close(); item.run(); }}>
                  <Icon size={19} aria-hidden="true" />
                  <span>{item.label}</span>
                  {item.hint && <kbd aria-hidden="true">{item.hint}</kbd>}
                </Menu.Item>
              );
            })}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
