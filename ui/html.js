// What components are written in: HTML in a template, made into elements name by name. Values become text
// and attributes, never markup.

import htm from './vendor/htm.js';
import { h, render } from './vendor/preact.js';

export const html = htm.bind(h);

/**
 * Puts a component into the page.
 * @param {import('./vendor/preact.js').ComponentType<any>} component
 */
export function show(component) {
  const place = /** @type {HTMLElement} */ (document.getElementById('page'));
  render(h(component, null), place);
}
