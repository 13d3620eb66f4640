// Files out of the lab.

import { apiError, askPrint } from './api.js';
import { extension } from './format.js';
import { toast } from './toast.js';

/** @import { Image } from './api.js' */
/** @typedef {{ preset: string, url: string, format?: string | null }} Print */

/**
 * Saves a print under the name that the lab would give it.
 * @param {Image} image
 * @param {Print} print
 */
export async function save(image, print) {
  try {
    const blob = await askPrint(print.url);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = fileName(image, print, blob.type);
    link.click();
    // The browser has to read it first.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    toast(`Saved ${link.download}.`);
  } catch (caught) {
    toast(apiError(caught).message);
  }
}

/**
 * @param {Image} image
 * @param {Print} print
 * @param {string} mediaType
 */
function fileName(image, print, mediaType) {
  if (print.preset === 'original') return image.filename;
  const stem = image.filename.replace(/\.[^.]*$/, '') || image.filename;
  const format = print.format ?? mediaType.split('/').at(-1) ?? '';
  return `${stem}.${print.preset}.${extension(format)}`;
}
