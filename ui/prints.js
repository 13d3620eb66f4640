// What there is to know of a picture and of its prints, said for people.

import { bytes, formatName, number, presetName, size } from './format.js';
import { me } from './session.js';

/** @import { Image, Variant } from './api.js' */
/** @typedef {Omit<Variant, 'state' | 'format'> & { state: Variant['state'] | 'lazy', format?: string | null }} Print */

/**
 * What was made at upload, what is made when asked for, and the original.
 * @param {Image} image
 * @returns {Print[]}
 */
export function printsOf(image) {
  const made = image.variants;
  const bySize = [...made].sort((one, other) => (one.bytes ?? 0) - (other.bytes ?? 0));
  const isMade = (/** @type {string} */ preset) => made.some((variant) => variant.preset === preset);
  const presets = image.state === 'failed' ? [] : me.value?.presets ?? [];
  const lazy = presets.filter((preset) => !isMade(preset)).map((preset) => {
    return { preset, state: /** @type {const} */ ('lazy'), url: lazyUrl(image, preset) };
  });
  return [...bySize, ...lazy, ...originalOf(image)];
}

/**
 * @param {Image} image
 * @returns {Print[]}
 */
function originalOf({ original_url: url, format, width, height, bytes: count }) {
  return url ? [{ preset: 'original', state: 'ready', url, format, width, height, bytes: count }] : [];
}

/**
 * The address of a print that may have to be made.
 * @param {Image} image
 * @param {string} preset
 */
export function lazyUrl(image, preset) {
  return `/api/v1/images/${image.id}/variants/${encodeURIComponent(preset)}`;
}

/** @param {Print} print */
export function printName(print) {
  return presetName(print.preset);
}

/** @param {Print} print */
export function printFacts({ state, width, height, format, bytes: count }) {
  if (state === 'lazy') return 'made when you ask for it';
  if (state === 'processing') return 'developing';
  if (state === 'failed') return 'not made';
  return [size(width, height), formatName(format ?? ''), bytes(count ?? 0)].join(' · ');
}

/**
 * Names and values of what is known.
 * @param {Image} image
 */
export function factsOf(image) {
  const { make: maker, model, lens, taken_at: taken, gps } = image.metadata;
  const added = new Date(image.created_at);
  // Many cameras write their maker into the model as well.
  const camera = maker && model?.startsWith(maker) ? model : [maker, model].filter(Boolean).join(' ');
  const frames = image.frames > 1 ? `, ${number(image.frames)} frames` : '';
  return [
    ['Size', `${size(image.width, image.height)}${frames}`],
    ['File', `${formatName(image.format)}, ${bytes(image.bytes)}`],
    ['Added', added.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })],
    // The camera's own clock, in no zone: shown as it is written.
    ['Taken', taken?.replace('T', ' ')],
    ['Camera', camera],
    ['Lens', lens],
    ['Place', gps && `${gps.lat.toFixed(5)}, ${gps.lon.toFixed(5)}`],
  ].filter(([, value]) => value);
}
