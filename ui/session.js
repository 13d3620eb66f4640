// Who is signed in here: by a cookie, which scripts never see, or by a key. A key lives for the
// tab, or on the device when asked to.

const NAME = 'minilab.key';
const STORES = ['sessionStorage', 'localStorage'];
/** Callers whom the lab does not know, where it takes them at all. No account can be made of it. */
const GUEST = 'anonymous';

/** What `/api/v1/me` said last. */
export const session = { me: null };

let invitation = null;

/** From now on this page calls by an upload link, whoever the visitor is elsewhere in the lab. */
export function callBy(token) {
  invitation = token;
}

export const isInvited = () => invitation !== null;

export const isGuest = () => session.me?.account === GUEST;

/** Guests have no links, whatever their tier says: what comes in belongs to somebody. */
export const mayInvite = () =>
  !isGuest() && (session.me.admin || session.me.rights.upload_links);

/** What this page shows the lab. Beside it a cookie counts for nothing. */
export function key() {
  return invitation ?? stored();
}

function stored() {
  return STORES.map((name) => inStore(name, (store) => store.getItem(NAME))).find(Boolean) ?? '';
}

/** False when this browser keeps nothing: the next page would not know the key. */
export function keep(key, onThisDevice) {
  forget();
  const name = onThisDevice ? 'localStorage' : 'sessionStorage';
  return inStore(name, (store) => {
    store.setItem(NAME, key);
    return true;
  }) ?? false;
}

export function forget() {
  for (const name of STORES) inStore(name, (store) => store.removeItem(NAME));
}

/** Where storage is switched off, naming it is an error already. */
function inStore(name, act) {
  try {
    return act(window[name]);
  } catch {
    return null;
  }
}
