// The page behind the door: the library, and the way pictures get into it.

import { Trouble } from './api.js';
import { Bringing } from './bring.js';
import { listen } from './drop.js';
import { readMe } from './enter.js';
import { Library } from './library.js';
import { bestFor } from './picture.js';
import { isGuest, session } from './session.js';
import { copyLink, say, tell } from './share.js';
import { Sheet } from './sheet.js';
import { Shelf } from './shelf.js';
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
const bringing = new Bringing({
  library,
  limit: () => session.me.limits.upload_bytes,
  outcomes: { duplicate: 'You already have this one' },
  changed: sayProgress,
});
const shelf = new Shelf(bringing);

function act(what, card) {
  if (what === 'open') sheet.open(card);
  else if (what === 'copy') copyLink(bestFor(card.frame, card.image).url);
  else bringing.act(what, card);
}

function settled(card) {
  tell(card.state === 'ready' ? `${card.name} is ready` : `${card.name}: ${card.note.textContent}`);
  sheet.refresh(card);
  if (card === sheet.card) sheet.enlarge(card);
}

function sayProgress() {
  shelf.show();
  if (bringing.left() === 0) refreshMe();
}

function showMe() {
  const { account, tier, usage, limits } = session.me;
  const pictures = limits.images === null
    ? count(usage.images, 'picture')
    : `${number(usage.images)} of ${count(limits.images, 'picture')}`;
  at('account').textContent = isGuest() ? 'Guest' : account;
  at('usage').textContent = `${tier} · ${pictures} · ${bytes(usage.bytes)}`;
  at('limit').textContent = `· up to ${bytes(limits.upload_bytes)} each`;
  at('enter').hidden = !isGuest();
  at('leave').hidden = isGuest();
}

/** The numbers at the top may be old for a moment; a session that has ended may not. */
async function refreshMe() {
  const before = session.me.account;
  try {
    await readMe();
    if (session.me.account === before) showMe();
    // Somebody else came in by another tab, or the lab takes this one for a guest now.
    else location.reload();
  } catch (trouble) {
    if (trouble.status !== 401) return;
    // Nothing of it would be taken any more: no reason to ask before leaving.
    bringing.dropAll();
    location.replace('/sign-in#ended');
  }
}

function listenToPage() {
  at('reload').addEventListener('click', () => location.reload());
  listen({ input: at('files'), isOpen: () => !lab.hidden, add: (files) => bringing.add(files) });
  // Browsers bring pages back as they were: after signing out nothing may be seen by going back.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
}

async function start() {
  listenToPage();
  try {
    await readMe();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (trouble.status === 401) {
      location.replace('/sign-in');
      return;
    }
    at('closed').hidden = false;
    at('closed-trouble').textContent = trouble.message;
    return;
  }
  showMe();
  for (const part of document.querySelectorAll('[data-open]')) part.hidden = false;
  tell(isGuest() ? 'You are a guest here' : `Signed in as ${session.me.account}`);
  await library.load();
}

start();
