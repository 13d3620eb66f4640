// The line above the pictures: how many are on their way, and what can be done about those that
// failed.

import { count } from '../format.js';
import { html } from '../html.js';
import { focusTitle } from '../library.js';

/** @import { Card } from '../card.js' */
/** @import { Uploader } from '../uploader.js' */

/**
 * `children` is the heading and what else belongs to the line.
 * @param {{ uploader: Uploader, children?: any }} props
 */
export function UploadSummary({ uploader, children }) {
  const left = uploader.left.value;
  const forAll = (/** @type {{ card: Card }[]} */ jobs, /** @type {(card: Card) => void} */ act) => () => {
    for (const { card } of jobs) act(card);
    // The button is gone now.
    focusTitle();
  };
  const [refused, retriable] = [uploader.refused.value, uploader.retriable.value];
  return html`
    <div class="shelf">
      ${children}
      <p id="progress-words">${left > 0 ? `${count(left, 'picture')} on the way` : ''}</p>
      <span class="shelf-end">
        ${retriable.length > 1 && html`<button type="button" id="again" class="quiet"
          onClick=${forAll(retriable, (card) => uploader.retry(card))}>Try all again</button>`}
        ${refused.length > 0 && html`<button type="button" id="clear" class="quiet"
          onClick=${forAll(refused, (card) => uploader.drop(card))}>Clear what failed</button>`}
      </span>
    </div>
  `;
}

/**
 * Labels are anybody's words: however they are written, they do not turn the sentence around.
 * @param {{ label: string }} props
 */
export function PicturesFor({ label }) {
  return html`Pictures for <bdi>${label}</bdi>`;
}
