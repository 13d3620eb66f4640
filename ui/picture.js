// Pictures behind a key: an <img> cannot send one, so bytes are fetched and shown as a blob.

import { askPrint } from './api.js';

/** Shows a print in `img`. False when the print cannot be had or shown. */
export async function show(img, url) {
  try {
    return await showBlob(img, await askPrint(url));
  } catch {
    return false;
  }
}

/** Shows bytes. Formats that this browser does not know leave the picture as it was. */
export async function showBlob(img, blob) {
  const url = URL.createObjectURL(blob);
  const probe = new Image();
  probe.src = url;
  try {
    await probe.decode();
    img.src = url;
    await img.decode();
    img.hidden = false;
    return true;
  } catch {
    return false;
  } finally {
    // A decoded picture stays where it is; the bytes need not.
    URL.revokeObjectURL(url);
  }
}

/** Wide enough for a card on any screen. */
const SMALL = 480;

/**
 * A picture again, small: dozens of photographs at full size are more than a phone can hold. Null
 * when this browser does not know the format.
 */
export async function smallCopy(file) {
  const canvas = document.createElement('canvas');
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: SMALL, resizeQuality: 'medium' });
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext('bitmaprenderer').transferFromImageBitmap(bitmap);
  } catch {
    return null;
  }
  return new Promise((resolve) => { canvas.toBlob(resolve); });
}

/** The smallest ready print that fills the box, or the largest there is. */
export function bestFor(box, image) {
  const scale = window.devicePixelRatio || 1;
  const ready = image.variants.filter((variant) => variant.state === 'ready');
  ready.sort((one, other) => one.width * one.height - other.width * other.height);
  const fills = (variant) =>
    variant.width >= box.clientWidth * scale && variant.height >= box.clientHeight * scale;
  return ready.find(fills) ?? ready.at(-1);
}

/** Calls `then` once, when the element is about to be seen. */
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
}
