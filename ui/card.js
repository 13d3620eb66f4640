// One picture in the grid, from the moment it is dropped.
//
// States: waiting, sending, developing, ready; refused (the lab did not take the file), failed (the
// lab took it but could not make its prints) and kept (the lab took it but shows no more of it).

import { bytes, formatName, sentence, size } from './format.js';
import { bestFor, openBlob, openPrint, smallCopy } from './picture.js';
import { createRef } from './vendor/preact.js';
import { batch, signal } from './vendor/signals.js';

/** @import { ApiError, Image } from './api.js' */
/** @typedef {'waiting' | 'sending' | 'developing' | 'ready' | 'refused' | 'failed' | 'kept'} CardState */

const ON_ITS_WAY = ['waiting', 'sending', 'developing'];
let made = 0;

export class Card {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** Tells cards apart for as long as the page is open. */
    this.number = made += 1;
    this.state = signal(/** @type {CardState} */ ('waiting'));
    this.note = signal('Waiting');
    /** What became of the file, before everything else there is to say. */
    this.outcome = signal('');
    /** How much has been sent, from 0 to 1. */
    this.fraction = signal(0);
    this.image = signal(/** @type {Image | null} */ (null));
    /** @type {ApiError | null} */
    this.error = null;
    /** What to show, and how: as paper in the tray, or no larger than it is. */
    this.picture = signal('');
    this.isLatent = signal(false);
    this.isSmall = signal(false);
    /** Its element, and the frame of the picture in it. */
    this.box = createRef();
    this.frame = createRef();
  }

  /**
   * @param {CardState} state
   * @param {string} note
   */
  become(state, note) {
    batch(() => {
      this.state.value = state;
      this.note.value = note;
      if (state === 'refused' || state === 'kept') this.isLatent.value = false;
    });
  }

  /**
   * The local file stands in until the first print is made.
   * @param {File} file
   */
  async preview(file) {
    const isReady = () => this.state.value === 'ready';
    const copy = isReady() ? null : await smallCopy(file);
    const url = copy && await openBlob(copy);
    // A print that came first must not be hidden again.
    if (!url || isReady()) return;
    this.picture.value = url;
    this.isLatent.value = ON_ITS_WAY.includes(this.state.value);
  }

  /** @param {number} fraction */
  progress(fraction) {
    this.fraction.value = fraction;
    const percent = Math.floor(fraction * 100);
    this.become('sending', fraction < 1 ? `Sending, ${percent} %` : 'Checking');
  }

  /** @param {ApiError} error */
  refuse(error) {
    this.error = error;
    this.become('refused', error.message);
  }

  /**
   * Shows the image as the lab describes it now.
   * @param {Image} image
   */
  describe(image) {
    batch(() => {
      this.image.value = image;
      if (image.state === 'processing') {
        this.become('developing', 'Developing');
      } else if (image.state === 'failed') {
        this.become('failed', sentence(image.error?.detail ?? 'its prints could not be made'));
      } else {
        const facts = [size(image.width, image.height), formatName(image.format), bytes(image.bytes)];
        this.become('ready', facts.join(' · '));
      }
    });
  }

  /**
   * The lab has it; there is no more to see of it here.
   * @param {string} note
   */
  keep(note) {
    this.become('kept', note);
  }

  /** The print that fits the frame best. */
  best() {
    const [frame, image] = [this.frame.current, this.image.value];
    return frame && image ? bestFor(frame, image) : undefined;
  }

  /** Shows the first print in place of what stood in. */
  async develop() {
    const best = this.best();
    if (!best) return;
    this.isSmall.value = (this.image.value?.width ?? 0) < this.frame.current.clientWidth;
    const url = await openPrint(best.url);
    batch(() => {
      if (url) this.picture.value = url;
      this.isLatent.value = false;
    });
  }

  /** Draws the eye to it for a moment. */
  flash() {
    const box = this.box.current;
    if (!box) return;
    delete box.dataset.flash;
    // Asking for the layout lets the animation start anew.
    void box.offsetWidth;
    box.dataset.flash = '';
  }
}
