// One upload link in the list of its maker.

import { either, going, moment } from '../allowance.js';
import { copyAddress } from '../clipboard.js';
import { bytes, count, number } from '../format.js';
import { html } from '../html.js';
import { createRef } from '../vendor/preact.js';
import { signal } from '../vendor/signals.js';
import { Confirm } from './confirm.js';

/** @import { UploadLink } from '../api.js' */

/** @type {Record<UploadLink['state'], string>} */
const STATES = { open: 'Open', full: 'Full', expired: 'Expired', revoked: 'Revoked' };

/** What the page knows of a link. */
export class KnownLink {
  /** @param {UploadLink} link */
  constructor(link) {
    this.id = link.id;
    this.name = link.label || `Link of ${moment(new Date(link.created_at))}`;
    this.link = signal(link);
    /** The address of one that was just made. It goes into no store and no address of ours. */
    this.address = signal('');
    /** The element of its name. */
    this.title = createRef();
  }

  /**
   * As the lab describes it now.
   * @param {UploadLink} link
   */
  describe(link) {
    this.link.value = link;
    // Nothing comes in by it any more: no use in handing it out.
    if (!mayEnd(link)) this.address.value = '';
  }

  focus() {
    this.title.current?.focus();
  }
}

/** @param {{ known: KnownLink, revoke: () => Promise<void> }} props */
export function UploadLinkRow({ known, revoke }) {
  const link = known.link.value;
  const { name } = known;
  return html`
    <li class="slip" data-id=${link.id} data-state=${link.state}>
      <div class="slip-head">
        <h3 class="name" tabindex="-1" ref=${known.title}>${name}</h3>
        <span class="state">${STATES[link.state]}</span>
      </div>
      ${known.address.value && html`<${Handout} name=${name} address=${known.address.value} />`}
      <p class="came">${came(link)}</p>
      <p class="ends">${ends(link)}</p>
      <p class="terms">${terms(link)}</p>
      <div class="slip-end">
        ${link.images > 0 && html`<a class="see" href=${`/?link=${encodeURIComponent(link.id)}`}
          aria-label=${`See pictures: ${name}`}>See pictures</a>`}
        ${mayEnd(link) && html`<span class="end"><${Confirm} what="revoke" label="Revoke" verb="Revoke" about=${name}
          question="Revoke for good? Nothing comes in by it any more, not even what is on its way. What came in stays."
          act=${revoke} /></span>`}
      </div>
    </li>
  `;
}

/**
 * The address is text, not a field: what stands in fields is kept by browsers for when they restore a page.
 * @param {{ name: string, address: string }} props
 */
function Handout({ name, address }) {
  return html`
    <div class="fresh">
      <p><strong>Your link is ready.</strong> Copy its address now: it is not shown again, because the lab
        keeps no more of it than a fingerprint. Whoever has it may bring pictures until it ends.</p>
      <p class="handout">
        <code class="address">${address}</code>
        <button type="button" class="main" data-do="copy" aria-label=${`Copy address: ${name}`}
          onClick=${() => copyAddress(address, 'Address copied.')}>Copy address</button>
      </p>
    </div>
  `;
}

/** @param {UploadLink} link */
function mayEnd(link) {
  return link.state === 'open' || link.state === 'full';
}

/**
 * "3 of 50 pictures · 12 MiB of 100 MiB"
 * @param {UploadLink} link
 */
function came({ images, max_images: imagesMax, bytes: used, max_bytes: bytesMax }) {
  const pictures = imagesMax == null
    ? count(images, 'picture')
    : `${number(images)} of ${count(imagesMax, 'picture')}`;
  return `${pictures} · ${bytes(used)}${bytesMax == null ? '' : ` of ${bytes(bytesMax)}`}`;
}

/** @param {UploadLink} link */
function ends({ state, expires_at: expires }) {
  const end = new Date(expires);
  const isOver = state === 'expired' || (state === 'revoked' && end <= new Date());
  const verb = state === 'revoked' ? 'Would have ended' : 'Ends';
  return `${isOver ? 'Ended' : verb} ${moment(end)}`;
}

/**
 * What it takes and what becomes of that, where it is not everything and for good.
 * @param {UploadLink} link
 */
function terms({ formats, delete_after: deleteAfter }) {
  const said = [];
  if (formats) said.push(`Takes ${either(formats)} only`);
  if (deleteAfter != null) said.push(`Each is deleted ${going(deleteAfter)}`);
  return said.join(' · ');
}
