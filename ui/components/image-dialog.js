// One picture, large: every print with its link, facts, and delete.

import { apiError, ask } from '../api.js';
import { copyLink } from '../clipboard.js';
import { save } from '../download.js';
import { sentence } from '../format.js';
import { html } from '../html.js';
import { forgetShown, openPrint } from '../picture.js';
import { factsOf, lazyUrl, printFacts, printName, printsOf } from '../prints.js';
import { isGuest, me } from '../session.js';
import { toast } from '../toast.js';
import { useEffect, useLayoutEffect, useRef } from '../vendor/hooks.js';
import { useSignal } from '../vendor/signals.js';
import { Confirm } from './confirm.js';
import { Toast } from './toast.js';

/** @import { Image } from '../api.js' */
/** @import { Card } from '../card.js' */
/** @import { Print } from '../prints.js' */

/**
 * Open for as long as it is in the page. `closed` is called when the visitor closed it, `deleted` when the
 * picture is gone.
 * @param {{ card: Card, closed: () => void, deleted: (card: Card) => void }} props
 */
export function ImageDialog({ card, closed, deleted }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const image = card.image.value;
  if (!image) return null;
  const close = () => dialog.current?.close();
  // The dialog itself is only hit beside its content: on the backdrop.
  const click = (/** @type {Event} */ event) => { if (event.target === dialog.current) close(); };
  const remove = async () => {
    try {
      await ask(`/api/v1/images/${image.id}`, { method: 'DELETE' });
    } catch (caught) {
      const error = apiError(caught);
      // Somebody else was faster: what was wanted is true.
      if (error.status !== 404) {
        toast(error.message);
        return;
      }
    }
    close();
    deleted(card);
  };
  return html`
    <dialog id="sheet" class="sheet" aria-labelledby="sheet-title" ref=${dialog} onClose=${closed} onClick=${click}>
      <div class="sheet-bar">
        <h2 id="sheet-title">${image.filename}</h2>
        <button type="button" data-do="close" class="quiet" aria-label="Close" onClick=${close}>✕</button>
      </div>
      <div class="sheet-body">
        <${LargePicture} image=${image} />
        <div>
          <p class="sheet-state">${stateWords(image)}</p>
          <h3>Prints</h3>
          <ul class="prints" role="list">
            ${printsOf(image).map((print) => html`<${PrintRow} key=${print.preset} image=${image} print=${print} />`)}
          </ul>
          ${!isGuest() && html`<p class="hint">Copied links open for you only, for now.</p>`}
          <h3>About</h3>
          <dl class="facts">
            ${factsOf(image).map(([name, value]) => html`<dt key=${`${name}-name`}>${name}</dt><dd key=${name}>${value}</dd>`)}
          </dl>
          <div class="sheet-end">
            <${Confirm} what="delete" label="Delete picture" verb="Delete" about=${image.filename}
              question="Gone for good?" act=${remove} />
          </div>
        </div>
      </div>
      <${Toast} />
    </dialog>
  `;
}

/**
 * First what is at hand, then the large view where the tier has one.
 * @param {{ image: Image }} props
 */
function LargePicture({ image }) {
  const picture = useSignal('');
  useEffect(() => {
    let isWanted = image.state === 'ready';
    const enlarge = async () => {
      for (const url of viewsOf(image)) {
        const opened = isWanted && await openPrint(url);
        // Another state of it may be shown by now.
        if (opened && isWanted) picture.value = opened;
      }
    };
    enlarge();
    return () => { isWanted = false; };
  }, [image.state]);
  return html`
    <p class="sheet-picture">
      <img alt=${image.filename} hidden=${!picture.value} src=${picture.value || null} onLoad=${forgetShown} />
    </p>
  `;
}

/** @param {Image} image */
function viewsOf(image) {
  const ready = image.variants.filter((variant) => variant.state === 'ready');
  const largest = ready.sort((one, other) => (one.height ?? 0) - (other.height ?? 0)).at(-1);
  if (!largest) return [];
  const isLarger = image.width > (largest.width ?? 0) || image.height > (largest.height ?? 0);
  const hasView = me.value?.presets.includes('display') ?? false;
  return isLarger && hasView ? [largest.url, lazyUrl(image, 'display')] : [largest.url];
}

/** @param {{ image: Image, print: Print }} props */
function PrintRow({ image, print }) {
  const name = printName(print);
  const canBeHad = print.state === 'ready' || print.state === 'lazy';
  return html`
    <li class="print">
      <span class="print-name">${name}</span>
      <span class="print-facts">${printFacts(print)}</span>
      ${canBeHad && html`
        <button type="button" data-do="copy" aria-label=${`Copy link: ${name}`}
          onClick=${() => copyLink(print.url)}>Copy link</button>
        <button type="button" data-do="save" aria-label=${`Save: ${name}`}
          onClick=${() => save(image, print)}>Save</button>`}
    </li>
  `;
}

/** @param {Image} image */
function stateWords({ state, error }) {
  if (state === 'processing') return 'The prints are being made.';
  if (state === 'failed') return sentence(error?.detail ?? 'the prints could not be made');
  return '';
}
