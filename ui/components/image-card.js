// One picture in the grid: see `Card` for what becomes of it.

import { useKeptFocus } from '../focus.js';
import { html } from '../html.js';
import { forgetShown, whenNear } from '../picture.js';
import { useSignalEffect } from '../vendor/signals.js';

/** @import { Card } from '../card.js' */
/** @typedef {(what: string, card: Card) => void} Act What a card's button asks for. */

/** In which states there is a button; the first three are for one's own library. */
const ACTIONS = [
  { what: 'copy', label: 'Copy link', states: ['ready'], isOwn: true },
  { what: 'open', label: 'Prints', states: ['ready', 'developing'], isOwn: true },
  { what: 'open', label: 'Details', states: ['failed'], isOwn: true },
  { what: 'cancel', label: 'Cancel', states: ['waiting', 'sending'] },
  { what: 'retry', label: 'Try again', states: ['refused'], isFor: mayPass },
  { what: 'dismiss', label: 'Dismiss', states: ['refused'] },
];

/** @param {Card} card */
function mayPass(card) {
  return card.error?.mayPass ?? false;
}

/** @param {{ card: Card, act: Act, isOwn: boolean }} props */
export function ImageCard({ card, act, isOwn }) {
  useKeptFocus(card.box);
  useSignalEffect(() => {
    if (card.image.value?.state === 'ready') return whenNear(card.box.current, () => card.develop());
  });
  const state = card.state.value;
  const looks = ['card', card.isLatent.value && 'latent', card.isSmall.value && 'small'];
  return html`
    <li class=${looks.filter(Boolean).join(' ')} data-state=${state} data-id=${card.image.value?.id} ref=${card.box}>
      <${Frame} card=${card} open=${isOwn ? () => act('open', card) : null} />
      <div class="caption">
        <p class="name" title=${card.name}>${card.name}</p>
        <p class="note">
          ${card.outcome.value && html`<strong>${card.outcome.value}</strong><br />`}${card.note.value}
        </p>
        ${state === 'sending'
          && html`<progress max="1" value=${card.fraction.value} aria-label=${`Sending ${card.name}`} />`}
        <${Actions} card=${card} act=${act} isOwn=${isOwn} />
      </div>
    </li>
  `;
}

/** @param {{ card: Card, open: (() => void) | null }} props */
function Frame({ card, open }) {
  const picture = card.picture.value;
  const img = html`<img alt="" hidden=${!picture} src=${picture || null} onLoad=${forgetShown} />`;
  if (!open) return html`<p class="frame" ref=${card.frame}>${img}</p>`;
  return html`
    <button type="button" class="frame" data-do="open" aria-label=${`Open: ${card.name}`}
      disabled=${!card.image.value} onClick=${open} ref=${card.frame}>${img}</button>
  `;
}

/** @param {{ card: Card, act: Act, isOwn: boolean }} props */
function Actions({ card, act, isOwn }) {
  const actions = ACTIONS.filter((action) => {
    return action.states.includes(card.state.value)
      && (isOwn || !action.isOwn) && (action.isFor?.(card) ?? true);
  });
  if (actions.length === 0) return null;
  return html`
    <p class="actions">
      ${actions.map(({ what, label }) => html`
        <button key=${label} type="button" data-do=${what} aria-label=${`${label}: ${card.name}`}
          onClick=${() => act(what, card)}>${label}</button>`)}
    </p>
  `;
}
