// What an upload link allows, said for people who were given it.

import { bytes, count, format, number, span } from './words.js';

const ALL = ['jpeg', 'png', 'gif', 'webp', 'avif', 'bmp', 'tiff', 'ico'];
const MEDIA_TYPES = { ico: 'image/x-icon' };

/** What is left of each limit that the link has; every link ends some time. */
export function left(link, now = new Date()) {
  const said = [];
  if (link.max_images !== null) {
    const room = Math.max(0, link.max_images - link.images);
    said.push(`${number(room)} of ${count(link.max_images, 'picture')} left`);
  }
  if (link.max_bytes !== null) {
    const room = Math.max(0, link.max_bytes - link.bytes);
    said.push(`${bytes(room)} of ${bytes(link.max_bytes)} left`);
  }
  return [...said, `Open until ${moment(new Date(link.expires_at), now)}`];
}

/** In the visitor's own zone, as the clock on the wall. */
function moment(end, now) {
  const time = end.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const day = end.toDateString() === now.toDateString()
    ? 'today'
    : end.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
  // The time of day stays in one piece.
  return `${day.replace(',', '')}, ${time.replace(' ', '\u00a0')}`;
}

/** The most bytes of one file. */
export function largest(link) {
  return Math.min(link.upload_bytes_max, link.max_bytes ?? Infinity);
}

/** Which files are taken. */
export function taken(link) {
  const names = (link.formats ?? ALL).map(format);
  const list = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(names);
  return `${list}, up to ${bytes(largest(link))} each`;
}

/** The same for the window in which files are chosen. */
export function accept(link) {
  return (link.formats ?? ALL).map((name) => MEDIA_TYPES[name] ?? `image/${name}`).join();
}

/** What becomes of the pictures; nothing where they simply stay. */
export function fate(link) {
  if (link.delete_after === null) return '';
  if (link.delete_after === 'download') return 'Each is deleted here once it was downloaded.';
  return `Each is deleted here ${span(link.delete_after)} after it came in.`;
}

export function full(link) {
  const isCounted = link.max_images !== null && link.images >= link.max_images;
  if (!isCounted) return `All of its ${bytes(link.max_bytes ?? link.bytes)} are used. Thank you!`;
  if (link.max_images === 1) return 'Its one picture has arrived. Thank you!';
  return `All ${number(link.max_images)} pictures have arrived. Thank you!`;
}

/** What can become of a file. */
export const OUTCOMES = {
  created: 'Taken',
  duplicate: 'Already there',
  refused: 'Refused',
  failed: 'Failed',
};

/** "7 taken, 1 already there, 2 refused" */
export function summary(counts) {
  const said = Object.entries(OUTCOMES).filter(([outcome]) => counts[outcome] > 0);
  const part = ([outcome, word]) => `${number(counts[outcome])} ${word.toLowerCase()}`;
  return said.map(part).join(', ');
}

const ANOTHER = 'Ask whoever gave it to you for another one.';
const ENDINGS = {
  upload_link_expired: ['This link has expired', ANOTHER],
  upload_link_revoked: ['This link was revoked', ANOTHER],
  upload_link_closed: ['This link is closed', ANOTHER],
  unauthorized: [
    'This link is unknown',
    'Check that its address is complete, or ask whoever gave it to you for it again.',
  ],
};

/** Title and sentence for a link that opens nothing any more; null when the trouble is another. */
export function ending(trouble) {
  return Object.hasOwn(ENDINGS, trouble.code) ? ENDINGS[trouble.code] : null;
}
