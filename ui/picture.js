// Pictures behind a key: an <img> cannot send one, so bytes are fetched and shown as a blob.

import { askPrint } from './api.js';

/** @import { Image as Described } from './api.js' */

/**
 * The address of a print's bytes in this browser; null when it cannot be had or shown.
 * @param {string} url
 */
export async function openPrint(url) {
  try {
    return await openBlob(await askPrint(url));
  } catch {
    return null;
  }
}

/**
 * The address of bytes that this browser can show, for one `<img>`: see `forgetShown`. Null for formats it
 * does not know, which leave what is shown as it was.
 * @param {Blob} blob
 */
export async function openBlob(blob) {
  const url = URL.createObjectURL(blob);
  const probe = new Image();
  probe.src = url;
  try {
    await probe.decode();
    return url;
  } catch {
    URL.revokeObjectURL(url);
    return null;
  }
}

/**
 * A decoded picture stays where it is; the bytes need not.
 * @param {Event} event
 */
export function forgetShown(event) {
  URL.revokeObjectURL(/** @type {HTMLImageElement} */ (event.currentTarget).src);
}

/** Wide enough for a card on any screen. */
const SMALL = 480;

/**
 * A picture again, small: dozens of photographs at full size are more than a phone can hold. Null
 * when this browser does not know the format.
 * @param {File} file
 * @returns {Promise<Blob | null>}
 */
export async function smallCopy(file) {
  const canvas = document.createElement('canvas');
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: SMALL, resizeQuality: 'medium' });
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
  } catch {
    return null;
  }
  return new Promise((resolve) => { canvas.toBlob(resolve); });
}

/**
 * The smallest ready print that fills the box, or the largest there is.
 * @param {HTMLElement} box
 * @param {Described} image
 */
export function bestFor(box, image) {
  const scale = window.devicePixelRatio || 1;
  const ready = image.variants.filter((variant) => variant.state === 'ready').map((variant) => {
    return { url: variant.url, width: variant.width ?? 0, height: variant.height ?? 0 };
  });
  ready.sort((one, other) => one.width * one.height - other.width * other.height);
  const [width, height] = [box.clientWidth * scale, box.clientHeight * scale];
  return ready.find((print) => print.width >= width && print.height >= height) ?? ready.at(-1);
}

/**
 * Calls `then` once, when the element is about to be seen. What it returns gives up waiting.
 * @param {Element} element
 * @param {() => void} then
 */
export function whenNear(element, then) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      then();
    },
    { rootMargin: '400px' },
  );
  observer.observe(element);
  return () => observer.disconnect();
}
