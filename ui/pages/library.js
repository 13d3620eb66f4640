// The page behind the door: the library, and the way pictures get into it.

import { askJson } from './api.js';
import { Bringing } from './bring.js';
import { listen } from './drop.js';
import { comeIn, refreshMe } from './inside.js';
import { Library } from './library.js';
import { bestFor } from './picture.js';
import { session } from './session.js';
import { copyLink, say, tell } from './share.js';
import { Sheet } from './sheet.js';
import { Shelf, picturesFor } from './shelf.js';
import { bytes } from './words.js';

const at = (id) => document.getElementById(id);
/** The id of an upload link: then only what came through it is shown. */
const through = new URLSearchParams(location.search).get('link');

const sheet = new Sheet((card) => {
  library.remove(card);
  say(`${card.name} is deleted.`);
  refresh();
});
const library = new Library({
  filter: through === null ? '' : `&link=${encodeURIComponent(through)}`,
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
  if (bringing.left() === 0) refresh();
}

function refresh() {
  // Nothing of it would be taken any more: no reason to ask before leaving.
  refreshMe(() => bringing.dropAll());
}

/** Nothing is added here: it would not have come through the link. */
async function narrow() {
  at('drop').hidden = true;
  at('all').hidden = false;
  at('library-title').textContent = 'Pictures from an upload link';
  at('empty').textContent = 'Nothing has come in through this link, or nothing of it is left.';
  try {
    const { label } = await askJson(`/api/v1/upload-links/${encodeURIComponent(through)}`);
    if (label) picturesFor(at('library-title'), label);
  } catch {
    // Links are forgotten some time after their end; what came in stays.
  }
}

async function start() {
  listen({
    input: at('files'),
    isOpen: () => !at('lab').hidden && !at('drop').hidden,
    add: (files) => bringing.add(files),
  });
  if (!(await comeIn())) return;
  at('limit').textContent = `· up to ${bytes(session.me.limits.upload_bytes)} each`;
  if (through !== null) narrow();
  await library.load();
}

start();
