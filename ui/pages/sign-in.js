// The door: a name and a password, or a key.

import { Trouble, ask } from './api.js';
import { enterByCookie, enterByKey, goOn, readMe } from './enter.js';
import { complain, listenTo } from './form.js';
import { forget, isGuest, key } from './session.js';

const at = (id) => document.getElementById(id);
const ways = [at('by-password'), at('by-key')];

async function signInByPassword() {
  const json = { account: at('name').value.trim(), password: at('password').value };
  await ask('/api/v1/session', { method: 'POST', json });
  await enterByCookie();
}

async function signInByKey() {
  const typed = at('key').value.trim();
  // Anything else cannot even be sent as a header.
  if (!/^[\x21-\x7e]+$/.test(typed)) throw new Trouble('That does not look like a key.', 0, 'no_key');
  await enterByKey(typed, at('remember').checked);
}

function choose(way) {
  for (const one of ways) one.hidden = one !== way;
  way.querySelector('input:not([hidden])').focus();
}

/** Whoever is known already goes through; a key that stopped working is said and forgotten. */
async function lookWhoComes() {
  const hadKey = key() !== '';
  try {
    await readMe();
    if (!isGuest()) goOn();
  } catch (trouble) {
    if (!hadKey || trouble.status !== 401) return;
    forget();
    choose(at('by-key'));
    complain(at('by-key'), trouble.message, at('key'));
  }
}

listenTo(at('by-password'), signInByPassword);
listenTo(at('by-key'), signInByKey);
for (const way of ways) {
  const other = ways.find((one) => one !== way);
  way.querySelector('[data-do=other-way]').addEventListener('click', () => choose(other));
}
if (location.hash === '#ended') {
  complain(at('by-password'), 'You are no longer signed in here. Sign in to go on.');
}
lookWhoComes();
