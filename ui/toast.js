// Short messages: for everybody, or for those alone who do not see the page.

import { signal } from './vendor/signals.js';

/** What is said, and how many times something was: the same words again are said again. */
export const toasted = signal({ text: '', times: 0, isShown: false });
export const announced = signal({ text: '', times: 0 });

/** @type {ReturnType<typeof setTimeout>} */
let fading;

/**
 * A short message for eyes and screen readers.
 * @param {string} text
 */
export function toast(text) {
  toasted.value = { text, times: toasted.value.times + 1, isShown: true };
  clearTimeout(fading);
  fading = setTimeout(() => { toasted.value = { ...toasted.value, isShown: false }; }, 4000);
}

/**
 * Says something to screen readers only.
 * @param {string} text
 */
export function announce(text) {
  announced.value = { text, times: announced.value.times + 1 };
}
