// Numbers, names and errors, said for people.

/**
 * Limits are set in powers of 1024, so that is how bytes are counted.
 * @param {number} count
 */
export function bytes(count) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  // A number and its unit stay on one line.
  return `${number(value, digits)}\u00a0${units[unit]}`;
}

/**
 * @param {number} value
 * @param {number} [digits]
 */
export function number(value, digits = 0) {
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/**
 * "1 picture", "12 pictures"
 * @param {number} amount
 * @param {string} one
 * @param {string} [many]
 */
export function count(amount, one, many = `${one}s`) {
  return `${number(amount)} ${amount === 1 ? one : many}`;
}

/**
 * "1200 × 800"; nothing where it is not known.
 * @param {number | null} [width]
 * @param {number | null} [height]
 */
export function size(width, height) {
  return width && height ? `${width}\u00a0×\u00a0${height}` : '';
}

/** @type {Record<string, string>} */
const PRESETS = {
  thumb: 'Thumbnail',
  preview: 'Preview',
  h200: 'Small',
  h400: 'Medium',
  display: 'Large',
  emoji: 'Emoji',
  original: 'Original',
};

/**
 * The name of a preset; owners may add presets, which then go by their own name.
 * @param {string} preset
 */
export function presetName(preset) {
  return Object.hasOwn(PRESETS, preset) ? PRESETS[preset] : preset;
}

/** @type {Record<string, string>} */
const FORMATS = { jpeg: 'JPEG', webp: 'WebP', apng: 'PNG, animated' };

/**
 * "JPEG"
 * @param {string} name
 */
export function formatName(name) {
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : name.toUpperCase();
}

/** @type {Record<string, string>} */
const EXTENSIONS = { jpeg: 'jpg', apng: 'png', tiff: 'tif' };

/**
 * What the name of a file of this format ends in.
 * @param {string} format
 */
export function extension(format) {
  return EXTENSIONS[format] ?? format;
}

/**
 * Whoever was invited has no tier of their own.
 * @param {number} limit
 */
export function tooLarge(limit, isInvited = false) {
  const taker = isInvited ? 'this link' : 'your tier';
  return `Too large: ${taker} takes files of up to ${bytes(limit)}.`;
}

/**
 * A time, never said shorter than it is.
 * @param {number} seconds
 */
export function span(seconds) {
  if (seconds < 100) return count(Math.ceil(seconds), 'second');
  if (seconds < 100 * 60) return count(Math.ceil(seconds / 60), 'minute');
  if (seconds < 48 * 3600) return count(Math.ceil(seconds / 3600), 'hour');
  return count(Math.ceil(seconds / 86_400), 'day');
}

const NO_ROOM = 'The lab has no room for it right now. Tell whoever gave you this link.';

/**
 * A problem's sentence; a few common ones are said with numbers that people read more easily.
 * `wait` is the `Retry-After` of the answer, in seconds, where it has one.
 * @param {number} status
 * @param {any} body
 */
export function problem(status, body, { wait = 0, isInvited = false } = {}) {
  switch (body?.code) {
    case 'too_many_tries':
      return `Too many tries. Wait ${wait > 0 ? span(wait) : 'a moment'}, then try again.`;
    case 'too_large':
      return tooLarge(body.limit, isInvited);
    case 'quota_reached':
      if (isInvited) return NO_ROOM;
      return `No room left: ${number(body.used)} of ${number(body.limit)} places are taken. Delete a picture, then try again.`;
    case 'upload_link_full':
      // Smaller ones may still find room.
      if (body.images_left === 0 || !(body.bytes_left > 0)) break;
      return `No room left for it: the link takes ${bytes(body.bytes_left)} more.`;
    case 'internal_error':
      return `Something went wrong in the lab. Its log knows more about ${body.request_id}.`;
    default:
  }
  if (body?.detail) return sentence(body.detail);
  // No problem+json: something between here and the lab answered.
  if (status === 413) return 'Too large for a server on the way to the lab.';
  return `The lab did not understand (error ${status}). Try again in a moment.`;
}

/**
 * A capital at the start, a full stop at the end.
 * @param {string} text
 */
export function sentence(text) {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
