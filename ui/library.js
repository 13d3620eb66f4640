// What the grid shows: what the lab keeps, newest first, and what is on its way there.

import { apiError, askJson, pause } from './api.js';
import { Card } from './card.js';
import { focusFirst, hasFocus } from './focus.js';
import { atMost } from './limit.js';
import { PaginatedList } from './paginated-list.js';
import { signal } from './vendor/signals.js';

/** @import { Image } from './api.js' */

const PAGE = '/api/v1/images?limit=20';

export class Library {
  /**
   * `settled` is told when a card is ready or failed; `filter` goes behind the query.
   * @param {{ filter?: string, settled?: (card: Card) => void }} options
   */
  constructor({ filter = '', settled = () => {} }) {
    this.settled = settled;
    this.cards = signal(/** @type {Card[]} */ ([]));
    /** @type {Map<string, Card>} */
    this.byId = new Map();
    /** @type {{ current: (() => void) | null }} */
    this.focus = { current: null };
    /** @type {PaginatedList<Image>} */
    this.list = new PaginatedList(PAGE + filter, (images, isLater) => this.append(images, isLater));
    // Each waits up to 20 s inside the lab; two at a time leave room for other requests.
    this.developing = atMost(2, (/** @type {Card} */ card) => this.look(card));
  }

  load() {
    return this.list.load();
  }

  /**
   * @param {Image[]} images
   * @param {boolean} isLater
   */
  append(images, isLater) {
    const cards = images.filter((image) => !this.byId.has(image.id)).map((image) => {
      const card = new Card(image.filename);
      this.adopt(card, image);
      return card;
    });
    this.cards.value = [...this.cards.value, ...cards];
    // With the keyboard one goes on where the new ones start.
    if (isLater && cards[0]) this.focus.current = () => focusFirst(cards[0].box.current);
  }

  /**
   * New files stand in front, in the order in which they were given.
   * @param {Card[]} cards
   */
  prepend(cards) {
    this.cards.value = [...cards, ...this.cards.value];
  }

  /** @param {Card} card */
  has(card) {
    return this.cards.value.includes(card);
  }

  /**
   * The card now stands for this image; its prints are waited for.
   * @param {Card} card
   * @param {Image} image
   */
  adopt(card, image) {
    this.byId.set(image.id, card);
    card.describe(image);
    if (image.state === 'processing') this.developing.add(card);
  }

  /**
   * A file that was brought again: the picture that is there comes to where it was dropped.
   * @param {Card} card
   * @param {Card} known
   */
  replace(card, known) {
    const hadFocus = hasFocus(card.box);
    const others = this.cards.value.filter((one) => one !== known);
    this.cards.value = others.map((one) => (one === card ? known : one));
    this.focus.current = () => {
      known.flash();
      if (hadFocus) focusFirst(known.box.current);
    };
  }

  /** @param {Card} card */
  remove(card) {
    const place = this.cards.value.indexOf(card);
    const hadFocus = hasFocus(card.box);
    this.cards.value = this.cards.value.filter((one) => one !== card);
    const image = card.image.value;
    if (image && this.byId.get(image.id) === card) this.byId.delete(image.id);
    if (!hadFocus) return;
    const next = this.cards.value[place] ?? this.cards.value[place - 1];
    this.focus.current = next ? () => focusFirst(next.box.current) : focusTitle;
  }

  /**
   * Its image is gone. Who brought it just now is told so; a card must not vanish unread.
   * @param {Card} card
   */
  lose(card) {
    if (card.outcome.value) card.keep('It is not here any more.');
    else this.remove(card);
  }

  /**
   * One look at an image; the lab answers when it is ready, or as it is after a while.
   * @param {Card} card
   */
  async look(card) {
    const started = performance.now();
    try {
      const path = `/api/v1/images/${card.image.value?.id}`;
      const image = await askJson(path, { headers: { Prefer: 'wait=20' } });
      if (!this.has(card)) return;
      card.describe(image);
      if (image.state !== 'processing') {
        this.settled(card);
        return;
      }
    } catch (caught) {
      const error = apiError(caught);
      if (error.status === 404) {
        this.lose(card);
        return;
      }
      if ([401, 410].includes(error.status)) {
        card.keep(error.message);
        return;
      }
    }
    // A lab that is busy or away answers at once; it is not asked again at once.
    if (performance.now() - started < 1000) await pause(1500);
    if (this.has(card)) this.developing.add(card);
  }
}

/** The heading of the grid, where there is nothing else to go to. */
export function focusTitle() {
  document.getElementById('library-title')?.focus();
}
