// Where the focus goes when what had it goes away, or when something new is there.

import { useLayoutEffect } from './vendor/hooks.js';

/** @typedef {import('./vendor/preact.js').RefObject<HTMLElement>} Box */

/**
 * Whether the focus is somewhere in there.
 * @param {Box} box
 */
export function hasFocus(box) {
  return box.current?.contains(document.activeElement) ?? false;
}

/**
 * Focuses the first control that can be used. Where nothing is left to press, the next step still starts
 * from here.
 * @param {HTMLElement | null} box
 */
export function focusFirst(box) {
  if (!box) return;
  const usable = /** @type {HTMLElement | null} */ (box.querySelector('button:enabled'));
  if (!usable) box.tabIndex = -1;
  (usable ?? box).focus();
}

/**
 * The control that has the focus may be gone after rendering; the next one of its box takes over.
 * @param {Box} box
 */
export function useKeptFocus(box) {
  const hadFocus = hasFocus(box);
  useLayoutEffect(() => {
    if (hadFocus && !hasFocus(box)) focusFirst(box.current);
  });
}

/**
 * Does what was wished, once, when the component that calls this has rendered what was not there before.
 * @param {{ current: (() => void) | null }} wish
 */
export function useWishedFocus(wish) {
  useLayoutEffect(() => {
    const act = wish.current;
    wish.current = null;
    act?.();
  });
}
