// Links and files out of the lab, and the short messages that say so.

import { askPrint } from './api.js';
import { isGuest } from './session.js';
import { extension } from './words.js';

let fading;

/** A short message for eyes and screen readers; inside the dialog when one is open. */
export function say(text) {
  const open = document.querySelector('dialog[open]') ?? document.body;
  const toast = open.querySelector(':scope > [data-toast]');
  toast.textContent = text;
  toast.classList.add('shown');
  clearTimeout(fading);
  fading = setTimeout(() => toast.classList.remove('shown'), 4000);
}

/** Says something to screen readers only. */
export function tell(text) {
  document.querySelector('#live').textContent = text;
}

export function copyLink(path) {
  const said = isGuest() ? 'Link copied.' : 'Link copied. It opens for you only, for now.';
  return copyAddress(new URL(path, location.href).href, said);
}

export async function copyAddress(address, said) {
  if (await copyText(address)) {
    say(said);
  } else {
    // The last resort: people can copy from here.
    window.prompt('Copy this link:', address);
  }
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP in a home network has no clipboard; the old way still works there.
    return copyTheOldWay(text);
  }
}

function copyTheOldWay(text) {
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  // Outside of an open dialog nothing can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  before?.focus();
  return copied;
}

/** Saves a print under the name that the lab would give it. */
export async function save(image, print) {
  try {
    const blob = await askPrint(print.url);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = fileName(image, print, blob.type);
    link.click();
    // The browser has to read it first.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Saved ${link.download}.`);
  } catch (trouble) {
    say(trouble.message);
  }
}

function fileName(image, print, mediaType) {
  if (print.preset === 'original') return image.filename;
  const stem = image.filename.replace(/\.[^.]*$/, '') || image.filename;
  const format = print.format ?? mediaType.split('/').at(-1);
  return `${stem}.${print.preset}.${extension(format)}`;
}
