// The lab's own sign, and the card with it: the door, setting up, leaving, and whatever stops a page.

import { html } from '../html.js';

/** Beside the modules, under an address that may be kept. */
const SIGN = new URL('../favicon.svg', import.meta.url).href;

export function Brand() {
  return html`<p class="brand"><img src=${SIGN} alt="" width="32" height="32" />Minilab</p>`;
}

/**
 * `titleRef` is for pages whose heading gets the focus.
 * @param {{ title: string, titleRef?: any, children?: any }} props
 */
export function Door({ title, titleRef, children }) {
  return html`
    <main class="door">
      <img src=${SIGN} alt="" width="64" height="64" />
      <h1 id="title" tabindex="-1" ref=${titleRef}>${title}</h1>
      ${children}
    </main>
  `;
}
