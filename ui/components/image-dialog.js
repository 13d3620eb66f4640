// The sheet of one picture: large view, every print with its link, facts, and delete.

import { ask } from './api.js';
import { show } from './picture.js';
import { isGuest, session } from './session.js';
import { copyLink, save, say } from './share.js';
import { askSure } from './sure.js';
import { bytes, format, number, print, sentence, size } from './words.js';

const dialog = document.querySelector('#sheet');
const find = (selector) => dialog.querySelector(selector);

export class Sheet {
  constructor(deleted) {
    this.card = null;
    this.deleted = deleted;
    dialog.addEventListener('click', (event) => {
      // The dialog itself is only hit beside its content: on the backdrop.
      if (event.target === dialog) dialog.close();
      this.act(event.target.closest('button')?.dataset ?? {});
    });
    dialog.addEventListener('close', () => { this.card = null; });
  }

  open(card) {
    this.card = card;
    find('.sheet-picture img').hidden = true;
    find('[data-own-links]').hidden = isGuest();
    askSure(dialog, 'delete', false);
    this.refresh(card);
    dialog.showModal();
    find('.sheet-body').scrollTop = 0;
    this.enlarge(card);
  }

  /** The card changed; so does the sheet if it is open. */
  refresh(card) {
    if (this.card !== card) return;
    const { image } = card;
    find('#sheet-title').textContent = image.filename;
    find('.sheet-picture img').alt = image.filename;
    find('.sheet-state').textContent = stateWords(image);
    find('.prints').replaceChildren(...printsOf(image).map(printRow));
    find('.facts').replaceChildren(...factsOf(image).flatMap(factRow));
  }

  /** First what is at hand, then the large view where the tier has one. */
  async enlarge(card) {
    const img = find('.sheet-picture img');
    const { image } = card;
    if (image.state !== 'ready') return;
    const ready = image.variants.filter((variant) => variant.state === 'ready');
    const largest = ready.sort((one, other) => one.height - other.height).at(-1);
    if (largest) await show(img, largest.url);
    const isLarger = largest && (image.width > largest.width || image.height > largest.height);
    if (this.card !== card || !isLarger || !session.me.presets.includes('display')) return;
    const larger = new Image();
    // Another sheet may be open by now; its picture stays.
    if (await show(larger, lazyUrl(image, 'display')) && this.card === card) {
      larger.alt = img.alt;
      img.replaceWith(larger);
    }
  }

  act({ do: what, preset }) {
    const { image } = this.card ?? {};
    if (!image) return;
    const wanted = preset && printsOf(image).find((one) => one.preset === preset);
    if (what === 'close') dialog.close();
    else if (what === 'copy') copyLink(wanted.url);
    else if (what === 'save') save(image, wanted);
    else if (what === 'delete') askSure(dialog, 'delete', true);
    else if (what === 'keep') askSure(dialog, 'delete', false);
    else if (what === 'delete-now') this.remove(this.card);
  }

  async remove(card) {
    try {
      await ask(`/api/v1/images/${card.image.id}`, { method: 'DELETE' });
    } catch (trouble) {
      // Somebody else was faster: what was wanted is true.
      if (trouble.status !== 404) {
        say(trouble.message);
        return;
      }
    }
    dialog.close();
    this.deleted(card);
  }
}

function stateWords({ state, error }) {
  if (state === 'processing') return 'The prints are being made.';
  if (state === 'failed') return sentence(error?.detail ?? 'the prints could not be made');
  return '';
}

/** What was made at upload, what is made when asked for, and the original. */
function printsOf(image) {
  const made = image.variants;
  const isListed = (preset) => made.some((variant) => variant.preset === preset);
  const lazy = session.me.presets
    .filter((preset) => !isListed(preset))
    .map((preset) => ({ preset, state: 'lazy', url: lazyUrl(image, preset) }));
  const original = {
    preset: 'original', state: 'ready', url: image.original_url, format: image.format,
    width: image.width, height: image.height, bytes: image.bytes,
  };
  const bySize = [...made].sort((one, other) => (one.bytes ?? 0) - (other.bytes ?? 0));
  const failed = image.state === 'failed';
  return [...bySize, ...(failed ? [] : lazy), ...(image.original_url ? [original] : [])];
}

function lazyUrl(image, preset) {
  return `/api/v1/images/${image.id}/variants/${encodeURIComponent(preset)}`;
}

function printRow(one) {
  const row = make('li', { className: 'print' });
  const facts = one.state === 'ready'
    ? [size(one.width, one.height), format(one.format), bytes(one.bytes)].join(' · ')
    : { lazy: 'made when you ask for it', processing: 'developing', failed: 'not made' }[one.state];
  row.append(
    make('span', { className: 'print-name', textContent: print(one.preset) }),
    make('span', { className: 'print-facts', textContent: facts }),
  );
  if (one.state === 'failed' || one.state === 'processing') return row;
  for (const [what, label] of [['copy', 'Copy link'], ['save', 'Save']]) {
    const button = make('button', { type: 'button', textContent: label });
    button.ariaLabel = `${label}: ${print(one.preset)}`;
    Object.assign(button.dataset, { do: what, preset: one.preset });
    row.append(button);
  }
  return row;
}

function factsOf(image) {
  const { make: maker, model, lens, taken_at: taken, gps } = image.metadata;
  const added = new Date(image.created_at);
  // Many cameras write their maker into the model as well.
  const camera = maker && model?.startsWith(maker) ? model : [maker, model].filter(Boolean).join(' ');
  const frames = image.frames > 1 ? `, ${number(image.frames)} frames` : '';
  return [
    ['Size', `${size(image.width, image.height)}${frames}`],
    ['File', `${format(image.format)}, ${bytes(image.bytes)}`],
    ['Added', added.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })],
    // The camera's own clock, in no zone: shown as it is written.
    ['Taken', taken?.replace('T', ' ')],
    ['Camera', camera],
    ['Lens', lens],
    ['Place', gps && `${gps.lat.toFixed(5)}, ${gps.lon.toFixed(5)}`],
  ].filter(([, value]) => value);
}

function factRow([name, value]) {
  return [make('dt', { textContent: name }), make('dd', { textContent: value })];
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
