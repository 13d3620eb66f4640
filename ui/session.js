// Who is signed in here. The key lives for the tab, or on the device when asked to.

const NAME = 'minilab.key';

/** What `/api/v1/me` said last. */
export const session = { me: null };

export function key() {
  return read(sessionStorage) ?? read(localStorage) ?? '';
}

export function keep(key, onThisDevice) {
  forget();
  const store = onThisDevice ? localStorage : sessionStorage;
  try {
    store.setItem(NAME, key);
  } catch {
    // Storage is switched off: the key lives as long as the page.
    unstored = key;
  }
}

export function forget() {
  unstored = null;
  for (const store of [sessionStorage, localStorage]) {
    try {
      store.removeItem(NAME);
    } catch {
      // Then there is nothing in it either.
    }
  }
}

let unstored = null;

function read(store) {
  try {
    return store.getItem(NAME) ?? unstored;
  } catch {
    return unstored;
  }
}
