// The line above the pictures: how many are on their way, and what can be done about those that
// failed.

import { count } from './words.js';

const at = (id) => document.getElementById(id);
/** From how many cards on each button is worth its place: a single card has its own. */
const WORTH = { again: 2, clear: 1 };

/** Labels are anybody's words: however they are written, they do not turn the sentence around. */
export function picturesFor(heading, label) {
  const said = Object.assign(document.createElement('bdi'), { textContent: label });
  heading.replaceChildren('Pictures for ', said);
  document.title = `Pictures for ${label} · Minilab`;
}

export class Shelf {
  constructor(bringing) {
    this.bringing = bringing;
    this.listen('again', (card) => bringing.retry(card));
    this.listen('clear', (card) => bringing.drop(card));
    window.addEventListener('beforeunload', (event) => {
      if (bringing.left() > 0) event.preventDefault();
    });
  }

  /** A button for all cards that were refused. */
  listen(id, act) {
    at(id).addEventListener('click', () => {
      this.of(id).forEach(act);
      // The button is gone now.
      at('library-title').focus();
    });
  }

  of(id) {
    const refused = this.bringing.refused();
    return id === 'again' ? refused.filter((card) => card.trouble.mayPass) : refused;
  }

  show() {
    const left = this.bringing.left();
    at('progress-words').textContent = left > 0 ? `${count(left, 'picture')} on the way` : '';
    for (const id of Object.keys(WORTH)) at(id).hidden = this.of(id).length < WORTH[id];
  }
}
