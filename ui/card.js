// One picture in the grid, from the moment it is dropped.
//
// States: waiting, sending, developing, ready; refused (the lab did not take the file), failed (the
// lab took it but could not make its prints) and kept (the lab took it but shows no more of it).

import { bestFor, show, showBlob, smallCopy, whenNear } from './picture.js';
import { bytes, format, sentence, size } from './words.js';

const template = document.querySelector('#card-template');

export class Card {
  /** `act` is called with what a button asks for, and the card. */
  constructor(name, act) {
    this.image = null;
    this.outcome = '';
    this.trouble = null;
    this.element = template.content.firstElementChild.cloneNode(true);
    const find = (selector) => this.element.querySelector(selector);
    this.frame = find('.frame');
    this.img = find('img');
    this.note = find('.note');
    this.bar = find('progress');
    this.name = name;
    find('.name').textContent = name;
    find('.name').title = name;
    this.bar.ariaLabel = `Sending ${name}`;
    for (const button of this.element.querySelectorAll('button')) {
      button.ariaLabel = `${button.textContent.trim() || 'Open'}: ${name}`;
    }
    this.element.addEventListener('click', (event) => {
      const button = event.target.closest('button[data-do]');
      if (button) act(button.dataset.do, this);
    });
    this.become('waiting', 'Waiting');
  }

  get state() {
    return this.element.dataset.state;
  }

  become(state, note) {
    const focused = this.element.contains(document.activeElement) && document.activeElement;
    this.element.dataset.state = state;
    this.text = note;
    this.write();
    this.bar.hidden = state !== 'sending';
    if (this.frame.matches('button')) this.frame.disabled = this.image === null;
    for (const button of this.element.querySelectorAll('[data-in]')) {
      button.hidden = !button.dataset.in.split(' ').includes(state);
    }
    // The button that had the focus may be gone; the next one takes over.
    if (focused && (focused.hidden || focused.disabled)) this.focus();
  }

  /** The local file stands in until the first print is made. */
  async preview(file) {
    const copy = this.state === 'ready' ? null : await smallCopy(file);
    // A print that came first must not be hidden again.
    if (!copy || this.state === 'ready' || !(await showBlob(this.img, copy))) return;
    const isOnItsWay = ['waiting', 'sending', 'developing'].includes(this.state);
    this.element.classList.toggle('latent', isOnItsWay);
  }

  progress(fraction) {
    this.bar.value = fraction;
    const percent = Math.floor(fraction * 100);
    this.become('sending', fraction < 1 ? `Sending, ${percent} %` : 'Checking');
  }

  refuse(trouble) {
    this.trouble = trouble;
    this.become('refused', trouble.message);
    const retry = this.element.querySelector('[data-do=retry]');
    retry.hidden = !trouble.mayPass;
    if (document.activeElement === retry && retry.hidden) this.focus();
    this.element.classList.remove('latent');
  }

  /** Shows the image as the lab describes it now. */
  describe(image) {
    this.image = image;
    this.element.dataset.id = image.id;
    if (image.state === 'processing') {
      this.become('developing', 'Developing');
    } else if (image.state === 'failed') {
      this.become('failed', sentence(image.error?.detail ?? 'its prints could not be made'));
    } else {
      const facts = [size(image.width, image.height), format(image.format), bytes(image.bytes)];
      this.become('ready', facts.join(' · '));
      whenNear(this.element, () => this.develop());
    }
  }

  /** The lab has it; there is no more to see of it here. */
  keep(note) {
    this.become('kept', note);
    this.element.classList.remove('latent');
  }

  /** What became of the file, before everything else there is to say. */
  remark(outcome = '') {
    this.outcome = outcome;
    this.write();
  }

  write() {
    const outcome = Object.assign(document.createElement('strong'), { textContent: this.outcome });
    const before = this.outcome ? [outcome, document.createElement('br')] : [];
    this.note.replaceChildren(...before, this.text);
  }

  async develop() {
    const best = bestFor(this.frame, this.image);
    if (!best) return;
    this.element.classList.toggle('small', this.image.width < this.frame.clientWidth);
    await show(this.img, best.url);
    this.element.classList.remove('latent');
  }

  focus() {
    const buttons = [...this.element.querySelectorAll('button')];
    const usable = buttons.find((button) => !button.hidden && !button.disabled);
    // Where nothing is left to press, the next step still starts from here.
    if (!usable) this.element.tabIndex = -1;
    (usable ?? this.element).focus();
  }

  flash() {
    this.element.classList.remove('flash');
    // Asking for the layout lets the animation start anew.
    void this.element.offsetWidth;
    this.element.classList.add('flash');
  }
}
