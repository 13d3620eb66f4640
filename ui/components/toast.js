// Where short messages are seen and heard. They stand from the start: what comes with its words is not said.

import { html } from '../html.js';
import { announced, toasted } from '../toast.js';

export function Toast() {
  const { text, times, isShown } = toasted.value;
  return html`
    <p class=${isShown ? 'toast shown' : 'toast'} role="status"><span key=${times}>${text}</span></p>
  `;
}

export function Announcements() {
  const { text, times } = announced.value;
  return html`<p id="live" class="unseen" aria-live="polite"><span key=${times}>${text}</span></p>`;
}
