// What an upload link allows, said for people who were given it.

import { bytes, count, formatName, number, span } from './format.js';

/** @import { ApiError, DeleteAfter, HeldUploadLink } from './api.js' */

/**
 * The formats that are read here.
 * @type {NonNullable<HeldUploadLink['formats']>}
 */
export const ALL = ['jpeg', 'png', 'gif', 'webp', 'avif', 'heic', 'bmp', 'tiff', 'ico'];
/** @type {Record<string, string>} */
const MEDIA_TYPES = { ico: 'image/x-icon' };

/**
 * What is left of each limit that the link has; every link ends some time.
 * @param {HeldUploadLink} link
 */
export function left(link, now = new Date()) {
  const said = [];
  if (link.max_images != null) {
    const room = Math.max(0, link.max_images - link.images);
    said.push(`${number(room)} of ${count(link.max_images, 'picture')} left`);
  }
  if (link.max_bytes != null) {
    const room = Math.max(0, link.max_bytes - link.bytes);
    said.push(`${bytes(room)} of ${bytes(link.max_bytes)} left`);
  }
  return [...said, `Open until ${moment(new Date(link.expires_at), now)}`];
}

/**
 * In the visitor's own zone, as the clock on the wall.
 * @param {Date} end
 */
export function moment(end, now = new Date()) {
  const time = end.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const day = end.toDateString() === now.toDateString()
    ? 'today'
    : end.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
  // The time of day stays in one piece.
  return `${day.replace(',', '')}, ${time.replace(' ', '\u00a0')}`;
}

/**
 * The most bytes of one file.
 * @param {HeldUploadLink} link
 */
export function largest(link) {
  return Math.min(link.upload_bytes_max, link.max_bytes ?? Infinity);
}

/**
 * Which files are taken.
 * @param {HeldUploadLink} link
 */
export function taken(link) {
  return `${either(link.formats ?? ALL)}, up to ${bytes(largest(link))} each`;
}

/**
 * "JPEG, PNG or GIF"
 * @param {string[]} formats
 */
export function either(formats) {
  return new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(formats.map(formatName));
}

/**
 * The same for the window in which files are chosen.
 * @param {HeldUploadLink} link
 */
export function accept(link) {
  return (link.formats ?? ALL).map((name) => MEDIA_TYPES[name] ?? `image/${name}`).join();
}

/**
 * What becomes of the pictures; nothing where they simply stay.
 * @param {HeldUploadLink} link
 */
export function fate(link) {
  return link.delete_after == null ? '' : `Each is deleted here ${going(link.delete_after)}.`;
}

/**
 * When something is deleted by itself.
 * @param {DeleteAfter} deleteAfter
 */
export function going(deleteAfter) {
  if (deleteAfter === 'download') return 'once it was downloaded';
  return `${span(deleteAfter)} after it came in`;
}

/**
 * What there is to say of a link that takes no more.
 * @param {HeldUploadLink} link
 */
export function full(link) {
  const isCounted = link.max_images != null && link.images >= link.max_images;
  if (!isCounted) return `All of its ${bytes(link.max_bytes ?? link.bytes)} are used. Thank you!`;
  if (link.max_images === 1) return 'Its one picture has arrived. Thank you!';
  return `All ${number(link.max_images ?? link.images)} pictures have arrived. Thank you!`;
}

/**
 * What can become of a file.
 * @type {Record<string, string>}
 */
export const OUTCOMES = {
  created: 'Taken',
  duplicate: 'Already there',
  refused: 'Refused',
  failed: 'Failed',
};

/**
 * "7 taken, 1 already there, 2 refused"
 * @param {Record<string, number>} counts
 */
export function summary(counts) {
  const said = Object.entries(OUTCOMES).filter(([outcome]) => counts[outcome] > 0);
  return said.map(([outcome, word]) => `${number(counts[outcome])} ${word.toLowerCase()}`).join(', ');
}

const ANOTHER = 'Ask whoever gave it to you for another one.';
/** @type {Record<string, [title: string, words: string]>} */
const ENDINGS = {
  upload_link_expired: ['This link has expired', ANOTHER],
  upload_link_revoked: ['This link was revoked', ANOTHER],
  upload_link_closed: ['This link is closed', ANOTHER],
  unauthorized: [
    'This link is unknown',
    'Check that its address is complete, or ask whoever gave it to you for it again.',
  ],
};

/**
 * Title and sentence for a link that opens nothing any more; null when the trouble is another.
 * @param {ApiError} error
 */
export function ending(error) {
  return Object.hasOwn(ENDINGS, error.code) ? ENDINGS[error.code] : null;
}
