// Addresses out of the lab.

import { isGuest } from './session.js';
import { toast } from './toast.js';

/**
 * Copies the address of something that is served here.
 * @param {string} path
 */
export function copyLink(path) {
  const said = isGuest() ? 'Link copied.' : 'Link copied. It opens for you only, for now.';
  return copyAddress(new URL(path, location.href).href, said);
}

/**
 * @param {string} address
 * @param {string} said
 */
export async function copyAddress(address, said) {
  if (await copyText(address)) {
    toast(said);
  } else {
    // The last resort: people can copy from here.
    window.prompt('Copy this link:', address);
  }
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP in a home network has no clipboard; the old way still works there.
    return copyTheOldWay(text);
  }
}

/** @param {string} text */
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
  if (before instanceof HTMLElement) before.focus();
  return copied;
}
