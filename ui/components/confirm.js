// A second question before what cannot be undone: the first button gives way to it.

import { hasFocus } from '../focus.js';
import { html } from '../html.js';
import { useLayoutEffect, useRef } from '../vendor/hooks.js';
import { useSignal } from '../vendor/signals.js';

/**
 * `label` is on the first button, `verb` on the one that does it; `what` is its name among the buttons,
 * `about` what it is done to. `act` ends the question when it comes to nothing.
 * @param {{ what: string, label: string, verb: string, about: string, question: string, act: () => Promise<void> }} props
 */
export function Confirm({ what, label, verb, about, question, act }) {
  const isAsking = useSignal(false);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    const isFree = document.activeElement === document.body || hasFocus(box);
    if (!isFirst.current && isFree) box.current?.querySelector('button')?.focus();
    isFirst.current = false;
  }, [isAsking.value]);
  const ask = (/** @type {boolean} */ value) => () => { isAsking.value = value; };
  const go = async () => {
    await act();
    isAsking.value = false;
  };
  if (!isAsking.value) {
    return html`<span ref=${box}>
      <button type="button" class="danger" data-do=${what} aria-label=${`${label}: ${about}`} onClick=${ask(true)}>${label}</button>
    </span>`;
  }
  // The one that changes nothing comes first: it has the focus.
  return html`<span class="sure" ref=${box}>
    <span>${question}</span>
    <button type="button" data-do="keep" aria-label=${`Keep: ${about}`} onClick=${ask(false)}>Keep</button>
    <button type="button" class="danger" data-do=${`${what}-now`} aria-label=${`${verb}: ${about}`} onClick=${go}>${verb}</button>
  </span>`;
}
