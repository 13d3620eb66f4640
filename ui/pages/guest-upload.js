// The page of an upload link: whoever has it brings pictures, and sees what became of each.
//
// The token is in the address. From there it goes into the header that says who calls, and nowhere
// else: not into a store, not into another address.

import {
  OUTCOMES, accept, ending, fate, full, largest, left, summary, taken,
} from './allowance.js';
import { Trouble, askJson } from './api.js';
import { Bringing } from './bring.js';
import { listen } from './drop.js';
import { Library } from './library.js';
import { makeQueue } from './queue.js';
import { callBy } from './session.js';
import { tell } from './share.js';
import { Shelf, picturesFor } from './shelf.js';

const at = (id) => document.getElementById(id);
const token = /^\/u\/([^/]+)$/.exec(location.pathname)?.[1];

/** What the lab said last about the link. */
let link;
let wasBusy = false;

const library = new Library({
  list: at('cards'),
  more: at('more'),
  empty: at('empty'),
  trouble: at('list-trouble'),
  act: (what, card) => bringing.act(what, card),
  settled: () => {},
});
const bringing = new Bringing({
  library,
  limit: () => largest(link),
  outcomes: OUTCOMES,
  changed: sayProgress,
});
const shelf = new Shelf(bringing);
/** One look at a time, and one to come: many files may end at once. */
const looks = makeQueue(1, look);

const isOpen = () => !at('drop').hidden;

function sayProgress() {
  shelf.show();
  const isBusy = bringing.left() > 0;
  at('summary').textContent = summary(bringing.counts());
  if (wasBusy && !isBusy) tell(at('summary').textContent);
  wasBusy = isBusy;
  refresh();
}

function refresh() {
  looks.drop(token);
  looks.add(token);
}

/** The numbers may be old for a moment; a link that has ended may not. */
async function look() {
  try {
    link = await askJson('/api/v1/upload-link');
    showLink();
  } catch (trouble) {
    const ended = ending(trouble);
    if (ended) finish(...ended);
  }
}

function showLink() {
  if (link.state === 'full') {
    finish('This link is full', full(link));
    return;
  }
  const said = left(link).map((words) => {
    return Object.assign(document.createElement('li'), { textContent: words });
  });
  at('left').replaceChildren(...said);
  at('taken').textContent = taken(link);
  at('files').accept = accept(link);
  at('drop').hidden = false;
  at('over').hidden = true;
}

/** Nothing more comes in. What did so stays in sight. */
function finish(title, words) {
  const hadFocus = at('drop').contains(document.activeElement);
  const isNews = at('over').hidden;
  at('over-title').textContent = title;
  at('over-words').textContent = words;
  at('over').hidden = false;
  at('drop').hidden = true;
  at('left').replaceChildren();
  if (hadFocus) at('over').focus();
  if (isNews) tell(`${title}. ${words}`);
}

function introduce() {
  if (link.label) picturesFor(at('title'), link.label);
  at('fate').textContent = fate(link);
}

function refuse(title, words, canRetry) {
  at('closed-title').textContent = title;
  at('closed-words').textContent = words;
  at('reload').hidden = !canRetry;
  at('closed').hidden = false;
  document.title = `${title} · Minilab`;
}

async function start() {
  at('reload').addEventListener('click', () => location.reload());
  listen({ input: at('files'), isOpen, add: (files) => bringing.add(files) });
  // Looked at again after a while, it may have ended.
  document.addEventListener('visibilitychange', () => {
    if (link && !document.hidden) refresh();
  });
  callBy(token ?? '');
  try {
    if (!token) throw new Trouble('', 401, 'unauthorized');
    link = await askJson('/api/v1/upload-link');
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    const ended = ending(trouble);
    if (ended) refuse(...ended, false);
    else refuse('Not now', trouble.message, true);
    return;
  }
  introduce();
  showLink();
  for (const part of document.querySelectorAll('[data-open]')) part.hidden = false;
  if (isOpen()) tell(left(link).join(', '));
  await library.load();
}

start();
