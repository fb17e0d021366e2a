import { describe, expect, test } from 'vitest';
import { composerAction, globalAction, messageAction, type Key } from './keymap.ts';

const key = (name: string, code = name, held: Partial<Key> = {}): Key => ({
  key: name, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held,
});
const tab = { isMac: false, isInstalled: false };
const composer = { isMac: false, enterSends: true, arrowUpEdits: true, isEmpty: true, isTouch: false };

describe('everywhere', () => {
  test('letters are told by their place, so a Russian layout works', () => {
    expect(globalAction(key('л', 'KeyK', { ctrlKey: true }), tab)).toEqual({ do: 'search' });
    expect(globalAction(key('k', 'KeyK', { metaKey: true }), { ...tab, isMac: true })).toEqual({ do: 'search' });
    expect(globalAction(key('k', 'KeyK'), tab)).toBeNull();
  });
  test('Alt and arrows walk the chats, with Shift the unread ones', () => {
    expect(globalAction(key('ArrowUp', 'ArrowUp', { altKey: true }), tab)).toEqual({ do: 'chat', step: -1, unread: false });
    expect(globalAction(key('ArrowDown', 'ArrowDown', { altKey: true, shiftKey: true }), tab)).toEqual({ do: 'chat', step: 1, unread: true });
  });
  test('folders have keys only where the browser leaves them', () => {
    const two = key('2', 'Digit2', { ctrlKey: true });
    expect(globalAction(two, tab)).toBeNull();
    expect(globalAction(two, { ...tab, isInstalled: true })).toEqual({ do: 'folder', index: 1 });
  });
  test('F6 goes on, Shift+F6 back', () => {
    expect(globalAction(key('F6'), tab)).toEqual({ do: 'region', step: 1 });
    expect(globalAction(key('F6', 'F6', { shiftKey: true }), tab)).toEqual({ do: 'region', step: -1 });
  });
  test('nothing happens while a character is composed', () => {
    expect(globalAction(key('Escape', 'Escape', { isComposing: true }), tab)).toBeNull();
  });
});

describe('in the composer', () => {
  test('Enter sends, Shift+Enter is left to the field', () => {
    expect(composerAction(key('Enter'), composer)).toBe('send');
    expect(composerAction(key('Enter', 'Enter', { shiftKey: true }), composer)).toBeNull();
    expect(composerAction(key('Enter', 'Enter', { isComposing: true }), composer)).toBeNull();
  });
  test('the setting turns it round', () => {
    const other = { ...composer, enterSends: false };
    expect(composerAction(key('Enter'), other)).toBeNull();
    expect(composerAction(key('Enter', 'Enter', { ctrlKey: true }), other)).toBe('send');
  });
  test('on touch Enter is a new line', () => {
    expect(composerAction(key('Enter'), { ...composer, isTouch: true })).toBeNull();
  });
  test('the arrow up edits only from an empty field, and only if wished', () => {
    expect(composerAction(key('ArrowUp'), composer)).toBe('edit-last');
    expect(composerAction(key('ArrowUp'), { ...composer, isEmpty: false })).toBeNull();
    expect(composerAction(key('ArrowUp'), { ...composer, arrowUpEdits: false })).toBeNull();
  });
  test('Ctrl and arrows choose what to reply to', () => {
    expect(composerAction(key('ArrowUp', 'ArrowUp', { ctrlKey: true }), { ...composer, isEmpty: false })).toBe('reply-older');
    expect(composerAction(key('ArrowDown', 'ArrowDown', { ctrlKey: true }), composer)).toBe('reply-newer');
  });
});

describe('on a message', () => {
  test.each([
    [key('Enter'), 'menu'], [key('F10', 'F10', { shiftKey: true }), 'menu'], [key('ContextMenu'), 'menu'],
    [key('к', 'KeyR'), 'reply'], [key('e', 'KeyE'), 'edit'], [key('с', 'KeyC'), 'copy'], [key('Delete'), 'delete'],
  ])('%o', (pressed, action) => {
    expect(messageAction(pressed)).toBe(action);
  });
  test('Ctrl+C stays the browser’s', () => {
    expect(messageAction(key('c', 'KeyC', { ctrlKey: true }))).toBeNull();
  });
  test('arrows and paging keys walk', () => {
    expect(messageAction(key('ArrowUp'))).toEqual({ move: 'previous' });
    expect(messageAction(key('PageDown'))).toEqual({ move: 'page-down' });
  });
});
