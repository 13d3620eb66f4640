// One picture in the grid, from the moment it is dropped.
//
// States: waiting, sending, developing, ready; refused (the lab did not take the file) and
// failed (the lab took it but could not make its prints).

import { bestFor, show, showBlob, whenNear } from './picture.js';
import { bytes, format, sentence, size } from './words.js';

const template = document.querySelector('#card-template');

export class Card {
  /** `act` is called with what a button asks for, and the card. */
  constructor(name, act) {
    this.image = null;
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
    this.frame.ariaLabel = `Open ${name}`;
    for (const button of this.element.querySelectorAll('.actions button')) {
      button.ariaLabel = `${button.textContent}: ${name}`;
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
    this.note.textContent = note;
    this.bar.hidden = state !== 'sending';
    this.frame.disabled = this.image === null;
    for (const button of this.element.querySelectorAll('[data-in]')) {
      button.hidden = !button.dataset.in.split(' ').includes(state);
    }
    // The button that had the focus may be gone; the next one takes over.
    if (focused && (focused.hidden || focused.disabled)) this.focus();
  }

  /** The local file stands in until the first print is made. */
  async preview(file) {
    if (!(await showBlob(this.img, file))) return;
    // A print that came first must not be hidden again.
    if (this.state !== 'ready') this.element.classList.add('latent');
  }

  progress(fraction) {
    this.bar.value = fraction;
    const percent = Math.floor(fraction * 100);
    this.become('sending', fraction < 1 ? `Sending, ${percent} %` : 'Checking');
  }

  refuse(message, mayPass) {
    this.become('refused', message);
    const retry = this.element.querySelector('[data-do=retry]');
    retry.hidden = !mayPass;
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

  /** Something to know, before the facts. */
  remark(text) {
    if (this.note.querySelector('strong')) return;
    const remark = Object.assign(document.createElement('strong'), { textContent: text });
    this.note.replaceChildren(remark, document.createElement('br'), this.note.textContent);
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
    buttons.find((button) => !button.hidden && !button.disabled)?.focus();
  }

  flash() {
    this.element.scrollIntoView({ block: 'nearest' });
    this.element.classList.remove('flash');
    // Asking for the layout lets the animation start anew.
    void this.element.offsetWidth;
    this.element.classList.add('flash');
  }
}
