// The page of one's own upload links: making them, seeing what came in, revoking them.
//
// A token is shown here once, after its link was made. It goes into no store and no address of ours.

import { apiError, ask, askJson } from '../api.js';
import { showInside } from '../components/page-shell.js';
import { ShowMore } from '../components/show-more.js';
import { UploadLinkForm } from '../components/upload-link-form.js';
import { KnownLink, UploadLinkRow } from '../components/upload-link-row.js';
import { useWishedFocus } from '../focus.js';
import { html } from '../html.js';
import { PaginatedList } from '../paginated-list.js';
import { isGuest, mayInvite } from '../session.js';
import { doorTo, refreshMe } from '../sign-in-flow.js';
import { announce, toast } from '../toast.js';
import { useEffect } from '../vendor/hooks.js';
import { signal } from '../vendor/signals.js';

/** @import { NewUploadLinkAnswer, UploadLink } from '../api.js' */

const LINKS = '/api/v1/upload-links';
/** Enough to look all of them over again whose numbers may still change. */
const LATEST = `${LINKS}?limit=100`;

const links = signal(/** @type {KnownLink[]} */ ([]));
/** @type {{ current: (() => void) | null }} */
const focus = { current: null };
/** @type {PaginatedList<UploadLink>} */
const list = new PaginatedList(`${LINKS}?limit=20`, (items, isLater) => {
  const added = items.filter(({ id }) => !find(id)).map((link) => new KnownLink(link));
  links.value = [...links.value, ...added];
  // With the keyboard one goes on where the new ones start.
  if (isLater && added[0]) focus.current = () => added[0].focus();
});

/** @param {string} id */
function find(id) {
  return links.value.find((known) => known.id === id);
}

/** @param {NewUploadLinkAnswer} link */
function made(link) {
  const known = new KnownLink(link);
  known.address.value = link.url;
  links.value = [known, ...links.value];
  focus.current = () => known.focus();
  announce('Your link is ready. Copy its address now.');
}

/** @param {KnownLink} known */
async function revoke(known) {
  const path = `${LINKS}/${known.id}`;
  try {
    await ask(path, { method: 'DELETE' });
    known.describe(await askJson(path));
    toast(`${known.name} is revoked.`);
    known.focus();
  } catch (caught) {
    toast(apiError(caught).message);
  }
}

/** Looked at again after a while, more may have come in. */
async function refresh() {
  await refreshMe();
  /** @type {{ items: UploadLink[] }} */
  const page = await askJson(LATEST).catch(() => ({ items: [] }));
  for (const link of page.items) find(link.id)?.describe(link);
}

function UploadLinksPage() {
  useEffect(() => {
    if (isGuest()) return undefined;
    list.load();
    const look = () => { if (!document.hidden) refresh(); };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return html`
    <div class="welcome">
      <h1>Upload links</h1>
      <p class="lead">Others bring you pictures by a link, without an account. What comes in is
        yours, and counts as your own.</p>
    </div>
    ${isGuest() && html`<div id="guests" class="over">
      <h2>Not for guests</h2>
      <p>What comes in by a link belongs to somebody: <a href=${doorTo('/upload-links')}>sign in</a> to make one.</p>
    </div>`}
    ${!isGuest() && !mayInvite() && html`<div id="lacking" class="over">
      <h2>Your tier has no upload links</h2>
      <p>Whoever runs this lab can give you a tier that has; links made before take nothing until then. Your
        own pictures are <a href="/">where they were</a>.</p>
    </div>`}
    ${!isGuest() && html`<div class="desk">
      ${mayInvite() && html`<${UploadLinkForm} made=${made} />`}
      <${OwnLinks} />
    </div>`}
  `;
}

/** Whoever has no right to links and never had one has no use for an empty list. */
function OwnLinks() {
  useWishedFocus(focus);
  const known = links.value;
  const isEmpty = list.isLoaded.value && known.length === 0;
  if (isEmpty && !mayInvite() && list.error.value === '') return null;
  return html`
    <section id="list" aria-labelledby="links-title">
      <h2 id="links-title" tabindex="-1">Your links</h2>
      <ul id="links" class="slips" role="list">
        ${known.map((one) => html`<${UploadLinkRow} key=${one.id} known=${one} revoke=${() => revoke(one)} />`)}
      </ul>
      ${isEmpty && html`<p id="empty" class="lone">No link yet. Make one, send its address, and watch pictures come in.</p>`}
      <${ShowMore} list=${list} />
    </section>
  `;
}

showInside({ Page: UploadLinksPage, skipTo: { id: 'links-title', words: 'Skip to your links' } });
