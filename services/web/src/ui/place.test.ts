import { expect, test } from 'vitest';
import { placeOf } from './place.ts';

test.each([
  ['/', '', { pane: 'list', chat: null }],
  ['/c/12', '#info', { pane: 'list', chat: 12, message: null, part: 'info' }],
  ['/c/12/m/345', '', { chat: 12, message: 345 }],
  ['/c/x', '', { pane: 'list', chat: null }],
  ['/settings', '', { pane: 'settings', page: '' }],
  ['/settings/sessions', '', { pane: 'settings', page: 'sessions' }],
  ['/new', '#group', { pane: 'new', part: 'group' }],
  ['/elsewhere', '', { pane: 'list', chat: null }],
])('%s%s', (path, hash, place) => {
  expect(placeOf(path, hash)).toMatchObject(place);
});
