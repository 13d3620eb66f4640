// The ways in and out: the lab must know the visitor before a page moves on.

import { ApiError, apiError, askJson } from './api.js';
import { isInside } from './inside-pages.js';
import { forget, isGuest, keep, me } from './session.js';

const UNKEPT = 'This browser did not keep your sign-in. Allow cookies for this address, then sign in.';

/** Asks who this is; remembered in `me`. */
export async function readMe() {
  me.value = await askJson('/api/v1/me');
}

/** After an answer with a cookie. A browser may have thrown it away: that is said here, not as a loop. */
export async function enterByCookie() {
  // Of a key and a cookie, the key would be asked.
  forget();
  try {
    await readMe();
  } catch (caught) {
    throw apiError(caught).status === 401 ? new ApiError(UNKEPT) : caught;
  }
  if (isGuest()) throw new ApiError(UNKEPT);
  goOn();
}

/**
 * @param {string} key
 * @param {boolean} onThisDevice
 */
export async function enterByKey(key, onThisDevice) {
  if (!keep(key, onThisDevice)) throw new ApiError(UNKEPT);
  try {
    await readMe();
  } catch (caught) {
    forget();
    throw caught;
  }
  goOn();
}

/** To where the visitor wanted. Going back from there must not lead to a form that is done. */
export function goOn() {
  const wanted = new URLSearchParams(location.search).get('next') ?? '';
  location.replace(isInside(wanted) ? wanted : '/');
}

/**
 * To the door, and back here from there. `#ended` says why.
 * @param {'' | '#ended'} [why]
 */
export function goToDoor(why = '') {
  location.replace(`${doorTo(location.pathname + location.search)}${why}`);
}

/**
 * The address of the door that leads to another.
 * @param {string} address
 */
export function doorTo(address) {
  return `/sign-in${address === '/' ? '' : `?next=${encodeURIComponent(address)}`}`;
}

/**
 * Asks again who this is: the numbers at the top may be old for a moment; a session that has ended may not.
 * `leaving` is called when this page has to be left.
 */
export async function refreshMe(leaving = () => {}) {
  const before = me.value?.account;
  try {
    const now = await askJson('/api/v1/me');
    if (now.account === before) me.value = now;
    // Somebody else came in by another tab, or the lab takes this one for a guest now.
    else location.reload();
  } catch (caught) {
    if (apiError(caught).status !== 401) return;
    leaving();
    goToDoor('#ended');
  }
}
