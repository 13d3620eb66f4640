// The page of one's own upload links: making them, seeing what came in, revoking them.
//
// A token is shown here once, after its link was made. It goes into no store and no address of ours.

import { going } from './allowance.js';
import { ask, askJson } from './api.js';
import { comeIn, refreshMe } from './inside.js';
import { Invitation } from './invitation.js';
import { invite } from './inviting.js';
import { Pages } from './pages.js';
import { isGuest, mayInvite, session } from './session.js';
import { copyAddress, say, tell } from './share.js';
import { askSure } from './sure.js';

const at = (id) => document.getElementById(id);
const LINKS = '/api/v1/upload-links';
/** Enough to look all of them over again whose numbers may still change. */
const LATEST = `${LINKS}?limit=100`;

const rows = new Map();
const pages = new Pages({
  path: `${LINKS}?limit=20`,
  more: at('more'),
  trouble: at('list-trouble'),
  show,
  changed: tidy,
});

function show(links) {
  const added = links.filter((link) => !rows.has(link.id)).map(rowOf);
  at('links').append(...added.map((row) => row.element));
  return added;
}

function rowOf(link) {
  const row = new Invitation(link, act);
  rows.set(link.id, row);
  return row;
}

/** Whoever has no right to links and never had one reads just that. */
function tidy() {
  const isEmpty = rows.size === 0;
  at('list').hidden = isEmpty && !mayInvite() && at('list-trouble').textContent === '';
  at('empty').hidden = !isEmpty || at('list-trouble').textContent !== '';
}

function made(link) {
  const row = rowOf(link);
  row.reveal(link.url);
  at('links').prepend(row.element);
  tidy();
  row.focus();
  tell('Your link is ready. Copy its address now.');
}

function act(what, row) {
  if (what === 'copy') copyAddress(row.address, 'Address copied.');
  else if (what === 'revoke') askSure(row.element, 'revoke', true);
  else if (what === 'keep') askSure(row.element, 'revoke', false);
  else if (what === 'revoke-now') revoke(row);
}

async function revoke(row) {
  const path = `${LINKS}/${row.id}`;
  try {
    await ask(path, { method: 'DELETE' });
    row.describe(await askJson(path));
    say(`${row.name} is revoked.`);
    row.focus();
  } catch (trouble) {
    say(trouble.message);
    askSure(row.element, 'revoke', false);
  }
}

/** Looked at again after a while, more may have come in. */
async function refresh() {
  await refreshMe();
  explain();
  const page = await askJson(LATEST).catch(() => ({ items: [] }));
  for (const link of page.items) rows.get(link.id)?.describe(link);
  tidy();
}

/** The form itself comes and goes with the right. */
function explain() {
  const { delete_after: after } = session.me.keeping;
  at('anyway').textContent = after === null ? '' : `Your tier deletes each ${going(after)}.`;
  at('guests').hidden = !isGuest();
  at('lacking').hidden = mayInvite() || isGuest();
}

async function start() {
  if (!(await comeIn())) return;
  explain();
  if (isGuest()) return;
  invite(made);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refresh();
  });
  await pages.load();
}

start();
