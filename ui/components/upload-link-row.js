// One upload link in the list of its maker.

import { either, going, moment } from './allowance.js';
import { bytes, count, number } from './words.js';

const template = document.querySelector('#invitation-template');
const STATES = { open: 'Open', full: 'Full', expired: 'Expired', revoked: 'Revoked' };

export class Invitation {
  /** `act` is called with what a button asks for, and this. */
  constructor(link, act) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.find = (selector) => this.element.querySelector(selector);
    this.element.dataset.id = link.id;
    this.name = link.label || `Link of ${moment(new Date(link.created_at))}`;
    this.find('.name').textContent = this.name;
    this.find('.see').href = `/?link=${encodeURIComponent(link.id)}`;
    for (const button of this.element.querySelectorAll('button, .see')) {
      button.ariaLabel = `${button.textContent}: ${this.name}`;
    }
    this.element.addEventListener('click', (event) => {
      const button = event.target.closest('button[data-do]');
      if (button) act(button.dataset.do, this);
    });
    this.describe(link);
  }

  /** Shows the link as the lab describes it now. */
  describe(link) {
    this.id = link.id;
    this.element.dataset.state = link.state;
    this.find('.state').textContent = STATES[link.state];
    this.find('.came').textContent = came(link);
    this.find('.ends').textContent = ends(link);
    this.find('.terms').textContent = terms(link);
    this.find('.see').hidden = link.images === 0;
    const canEnd = link.state === 'open' || link.state === 'full';
    this.find('.end').hidden = !canEnd;
    // Nothing comes in by it any more: no use in handing it out.
    if (!canEnd) this.hide();
  }

  /**
   * Shows the address of a link that was just made. It is text, not a field: what stands in fields
   * is kept by browsers for when they restore a page.
   */
  reveal(address) {
    this.address = address;
    this.find('.address').textContent = address;
    this.find('.fresh').hidden = false;
  }

  hide() {
    this.address = null;
    this.find('.address').textContent = '';
    this.find('.fresh').hidden = true;
  }

  focus() {
    this.find('.name').focus();
  }
}

/** "3 of 50 pictures · 12 MiB of 100 MiB" */
function came({ images, max_images: imagesMax, bytes: used, max_bytes: bytesMax }) {
  const pictures = imagesMax === null
    ? count(images, 'picture')
    : `${number(images)} of ${count(imagesMax, 'picture')}`;
  return `${pictures} · ${bytes(used)}${bytesMax === null ? '' : ` of ${bytes(bytesMax)}`}`;
}

function ends(link) {
  const end = new Date(link.expires_at);
  const verb = { expired: 'Ended', revoked: end > new Date() ? 'Would have ended' : 'Ended' };
  return `${verb[link.state] ?? 'Ends'} ${moment(end)}`;
}

/** What it takes and what becomes of that, where it is not everything and for good. */
function terms({ formats, delete_after: deleteAfter }) {
  const said = [];
  if (formats) said.push(`Takes ${either(formats)} only`);
  if (deleteAfter !== null) said.push(`Each is deleted ${going(deleteAfter)}`);
  return said.join(' · ');
}
