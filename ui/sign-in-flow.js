// The last step of every way in: the lab must know the visitor before the page moves on.

import { Trouble, askJson } from './api.js';
import { forget, isGuest, keep, session } from './session.js';

const UNKEPT = 'This browser did not keep your sign-in. Allow cookies for this address, then sign in.';

/** Asks who this is; remembered in `session`. */
export async function readMe() {
  session.me = await askJson('/api/v1/me');
}

/** After an answer with a cookie. A browser may have thrown it away: that is said here, not as a loop. */
export async function enterByCookie() {
  // Of a key and a cookie, the key would be asked.
  forget();
  try {
    await readMe();
  } catch (trouble) {
    throw trouble.status === 401 ? new Trouble(UNKEPT) : trouble;
  }
  if (isGuest()) throw new Trouble(UNKEPT);
  goOn();
}

export async function enterByKey(key, onThisDevice) {
  if (!keep(key, onThisDevice)) throw new Trouble(UNKEPT);
  try {
    await readMe();
  } catch (trouble) {
    forget();
    throw trouble;
  }
  goOn();
}

/** The pages behind the door. Nothing else that an address asks for is gone to. */
const INSIDE = /^\/(upload-links)?(\?\S*)?$/;

/** To where the visitor wanted. Going back from there must not lead to a form that is done. */
export function goOn() {
  const wanted = new URLSearchParams(location.search).get('next') ?? '';
  location.replace(INSIDE.test(wanted) ? wanted : '/');
}

/** To the door, and back here from there. `#ended` says why. */
export function goToDoor(why = '') {
  const here = location.pathname + location.search;
  location.replace(`/sign-in${here === '/' ? '' : `?next=${encodeURIComponent(here)}`}${why}`);
}
