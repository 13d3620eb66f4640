// Who is signed in here: by a cookie, which scripts never see, or by a key. A key lives for the
// tab, or on the device when asked to.

import { signal } from './vendor/signals.js';

/** @import { Me } from './api.js' */

const NAME = 'minilab.key';
const STORES = /** @type {const} */ (['sessionStorage', 'localStorage']);
/** Callers whom the lab does not know, where it takes them at all. No account can be made of it. */
const GUEST = 'anonymous';

/** What `/api/v1/me` said last. */
export const me = signal(/** @type {Me | null} */ (null));

/** @type {string | null} */
let uploadLink = null;

/**
 * From now on this page calls by an upload link, whoever the visitor is elsewhere in the lab.
 * @param {string} token
 */
export function callBy(token) {
  uploadLink = token;
}

/** Whether this page calls by an upload link. */
export const isInvited = () => uploadLink !== null;

/** Whether the visitor came in without an account. */
export const isGuest = () => me.value?.account === GUEST;

/** Guests have no links, whatever their tier says: what comes in belongs to somebody. */
export const mayInvite = () =>
  me.value !== null && !isGuest() && (me.value.admin || me.value.rights.upload_links);

/** What this page shows the lab. Beside it a cookie counts for nothing. */
export function key() {
  return uploadLink ?? stored();
}

/** Whether there is a key that could have stopped working. */
export const hasKey = () => key() !== '';

function stored() {
  return STORES.map((name) => inStore(name, (store) => store.getItem(NAME))).find(Boolean) ?? '';
}

/**
 * False when this browser keeps nothing: the next page would not know the key.
 * @param {string} key
 * @param {boolean} onThisDevice
 */
export function keep(key, onThisDevice) {
  forget();
  const name = onThisDevice ? 'localStorage' : 'sessionStorage';
  return inStore(name, (store) => {
    store.setItem(NAME, key);
    return true;
  }) ?? false;
}

/** Forgets the key, wherever it is. */
export function forget() {
  for (const name of STORES) inStore(name, (store) => store.removeItem(NAME));
}

/**
 * Where storage is switched off, naming it is an error already.
 * @template T
 * @param {'sessionStorage' | 'localStorage'} name
 * @param {(store: Storage) => T} act
 * @returns {T | null}
 */
function inStore(name, act) {
  try {
    return act(window[name]);
  } catch {
    return null;
  }
}
