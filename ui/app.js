// The page: the door, and the lab behind it.

import { Trouble, askJson } from './api.js';
import { Bringing, listen } from './bring.js';
import { Library } from './library.js';
import { bestFor } from './picture.js';
import { forget, keep, key, session } from './session.js';
import { copyLink, say, tell } from './share.js';
import { Sheet } from './sheet.js';
import { bytes, count, number } from './words.js';

const at = (id) => document.getElementById(id);
const lab = at('lab');

const sheet = new Sheet((card) => {
  library.remove(card);
  say(`${card.name} is deleted.`);
  refreshMe();
});
const library = new Library({
  list: at('cards'),
  more: at('more'),
  empty: at('empty'),
  trouble: at('list-trouble'),
  act,
  settled,
});
const bringing = new Bringing(library, sayProgress);

function act(what, card) {
  if (what === 'open') sheet.open(card);
  else if (what === 'copy') copyLink(bestFor(card.frame, card.image).url);
  else if (what === 'retry') bringing.retry(card);
  else if (what === 'dismiss' || what === 'cancel') bringing.drop(card);
}

function settled(card) {
  tell(card.state === 'ready' ? `${card.name} is ready` : `${card.name}: ${card.note.textContent}`);
  sheet.refresh(card);
  if (card === sheet.card) sheet.enlarge(card);
}

function sayProgress() {
  const left = bringing.left();
  at('progress-words').textContent = left > 0 ? `${count(left, 'picture')} on the way` : '';
  at('clear').hidden = bringing.refused().length === 0;
  if (left === 0) refreshMe();
}

async function readMe() {
  session.me = await askJson('/api/v1/me');
  const { account, tier, usage, limits } = session.me;
  const pictures = limits.images === null
    ? count(usage.images, 'picture')
    : `${number(usage.images)} of ${count(limits.images, 'picture')}`;
  at('account').textContent = key() ? account : 'Guest';
  at('usage').textContent = `${tier} · ${pictures} · ${bytes(usage.bytes)}`;
  at('limit').textContent = `· up to ${bytes(limits.upload_bytes)} each`;
  at('leave').textContent = key() ? 'Sign out' : 'Use a key';
}

/** The numbers at the top may be old for a moment; a key that was revoked may not. */
async function refreshMe() {
  try {
    await readMe();
  } catch (trouble) {
    if (trouble.status !== 401) return;
    forget();
    showDoor(trouble.message);
  }
}

function showDoor(message = '') {
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  document.querySelector('.top').hidden = true;
  lab.hidden = true;
  at('door').hidden = false;
  at('door-trouble').textContent = message;
  at('key').ariaInvalid = message ? 'true' : 'false';
  at('key').focus();
}

function showLab() {
  bringing.dropAll();
  library.clear();
  at('door').hidden = true;
  document.querySelector('.top').hidden = false;
  lab.hidden = false;
  return library.load();
}

async function signIn(event) {
  event.preventDefault();
  const typed = at('key').value.trim();
  // Anything else cannot even be sent as a header.
  if (!/^[\x21-\x7e]+$/.test(typed)) {
    showDoor(typed ? 'That does not look like a key.' : 'Paste or type your key.');
    return;
  }
  keep(typed, at('remember').checked);
  try {
    await readMe();
  } catch (trouble) {
    forget();
    showDoor(trouble.message);
    at('key').select();
    return;
  }
  at('key').value = '';
  await showLab();
  at('library-title').focus();
  tell(`Signed in as ${session.me.account}`);
}

function leave() {
  const isGuest = key() === '';
  forget();
  if (isGuest) showDoor();
  // A fresh page: nothing of the account is left in memory.
  else location.reload();
}

async function start() {
  at('door').addEventListener('submit', signIn);
  at('leave').addEventListener('click', leave);
  at('clear').addEventListener('click', () => {
    for (const card of bringing.refused()) bringing.drop(card);
    at('library-title').focus();
  });
  listen({ input: at('files'), isOpen: () => !lab.hidden, add: (files) => bringing.add(files) });
  window.addEventListener('beforeunload', (event) => {
    if (bringing.left() > 0) event.preventDefault();
  });
  try {
    await readMe();
    await showLab();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    // Without a key, being asked for one is no error.
    const isExpected = trouble.status === 401 && key() === '';
    if (trouble.status === 401) forget();
    showDoor(isExpected ? '' : trouble.message);
  }
}

start();
