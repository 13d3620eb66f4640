// The grid: what the lab keeps, newest first, and what is on its way there.

import { Trouble, askJson, pause } from './api.js';
import { Card } from './card.js';
import { Pages } from './pages.js';
import { makeQueue } from './queue.js';

const PAGE = '/api/v1/images?limit=20';

export class Library {
  /**
   * `act` is what a card's buttons do; `settled` is told when a card is ready or failed; `filter`
   * goes behind the query.
   */
  constructor({ list, more, empty, trouble, act, settled, filter = '' }) {
    Object.assign(this, { list, empty, trouble, act, settled });
    this.cards = new Map();
    this.pages = new Pages({
      path: PAGE + filter,
      more,
      trouble,
      show: (images) => this.show(images),
      changed: () => this.tidy(),
    });
    // Each waits up to 20 s inside the lab; two at a time leave room for other requests.
    this.developing = makeQueue(2, (card) => this.look(card));
  }

  load() {
    return this.pages.load();
  }

  show(images) {
    const added = images.filter((image) => !this.cards.has(image.id));
    return added.map((image) => this.append(image));
  }

  append(image) {
    const card = new Card(image.filename, this.act);
    this.list.append(card.element);
    this.adopt(card, image);
    return card;
  }

  /** New files stand in front, in the order in which they were given. */
  prepend(cards) {
    this.list.prepend(...cards.map((card) => card.element));
    this.tidy();
  }

  /** The card now stands for this image; its prints are waited for. */
  adopt(card, image) {
    this.cards.set(image.id, card);
    card.describe(image);
    if (image.state === 'processing') this.developing.add(card);
  }

  /** A file that was brought again: the picture that is there comes to where it was dropped. */
  replace(card, known) {
    const hadFocus = card.element.contains(document.activeElement);
    card.element.replaceWith(known.element);
    known.flash();
    if (hadFocus) known.focus();
  }

  remove(card) {
    const neighbour = card.element.nextElementSibling ?? card.element.previousElementSibling;
    const hadFocus = card.element.contains(document.activeElement);
    card.element.remove();
    if (card.image && this.cards.get(card.image.id) === card) this.cards.delete(card.image.id);
    this.tidy();
    if (!hadFocus) return;
    const next = neighbour?.querySelector('button:enabled:not([hidden])');
    (next ?? document.querySelector('#library-title')).focus();
  }

  /** Its image is gone. Who brought it just now is told so; a card must not vanish unread. */
  lose(card) {
    if (card.outcome) card.keep('It is not here any more.');
    else this.remove(card);
  }

  tidy() {
    this.empty.hidden = this.list.childElementCount > 0 || this.trouble.textContent !== '';
  }

  /** One look at an image; the lab answers when it is ready, or as it is after a while. */
  async look(card) {
    const started = performance.now();
    try {
      const path = `/api/v1/images/${card.image.id}`;
      const image = await askJson(path, { headers: { Prefer: 'wait=20' } });
      if (!card.element.isConnected) return;
      card.describe(image);
      if (image.state !== 'processing') {
        this.settled(card);
        return;
      }
    } catch (trouble) {
      if (trouble instanceof Trouble && trouble.status === 404) {
        this.lose(card);
        return;
      }
      if (trouble instanceof Trouble && [401, 410].includes(trouble.status)) {
        card.keep(trouble.message);
        return;
      }
    }
    // A lab that is busy or away answers at once; it is not asked again at once.
    if (performance.now() - started < 1000) await pause(1500);
    if (card.element.isConnected) this.developing.add(card);
  }
}
