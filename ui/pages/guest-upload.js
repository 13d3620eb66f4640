// The page of an upload link: whoever has it brings pictures, and sees what became of each.
//
// The token is in the address. From there it goes into the header that says who calls, and nowhere
// else: not into a store, not into another address.

import {
  OUTCOMES, accept, ending, fate, full, largest, left, summary, taken,
} from '../allowance.js';
import { ApiError, apiError, askJson } from '../api.js';
import { Brand, Door } from '../components/brand.js';
import { FileIntake } from '../components/file-intake.js';
import { ImageGrid } from '../components/image-grid.js';
import { Announcements, Toast } from '../components/toast.js';
import { PicturesFor, UploadSummary } from '../components/upload-summary.js';
import { hasFocus } from '../focus.js';
import { html, show } from '../html.js';
import { Library } from '../library.js';
import { atMost } from '../limit.js';
import { callBy } from '../session.js';
import { announce } from '../toast.js';
import { Uploader } from '../uploader.js';
import { useEffect, useLayoutEffect, useRef } from '../vendor/hooks.js';
import { signal } from '../vendor/signals.js';

/** @import { HeldUploadLink } from '../api.js' */
/** @typedef {{ title: string, words: string }} Ending */

const token = /^\/u\/([^/]+)$/.exec(location.pathname)?.[1] ?? '';

/** What the lab said last about the link. */
const link = signal(/** @type {HeldUploadLink | null} */ (null));
/** Why nothing more comes in. What did so stays in sight. */
const over = signal(/** @type {Ending | null} */ (null));
/** Why the page does not open at all, and whether trying again may help. */
const closed = signal(/** @type {Ending & { mayPass: boolean } | null} */ (null));
let wasBusy = false;

const library = new Library({});
const uploader = new Uploader({
  library,
  limit: () => (link.value ? largest(link.value) : 0),
  outcomes: OUTCOMES,
  changed: () => {
    const isBusy = uploader.left.value > 0;
    if (wasBusy && !isBusy) announce(summary(uploader.counts.value));
    wasBusy = isBusy;
    refresh();
  },
});
/** One look at a time, and one to come: many files may end at once. */
const looks = atMost(1, look);

function refresh() {
  looks.drop(token);
  looks.add(token);
}

/** The numbers may be old for a moment; a link that has ended may not. */
async function look() {
  try {
    take(await askJson('/api/v1/upload-link'));
  } catch (caught) {
    const ended = ending(apiError(caught));
    if (ended) finish(...ended);
  }
}

/** @param {HeldUploadLink} said */
function take(said) {
  link.value = said;
  if (said.state === 'full') finish('This link is full', full(said));
  else over.value = null;
}

/**
 * @param {string} title
 * @param {string} words
 */
function finish(title, words) {
  if (!over.value) announce(`${title}. ${words}`);
  over.value = { title, words };
}

async function open() {
  try {
    if (!token) throw new ApiError('', 401, 'unauthorized');
    take(await askJson('/api/v1/upload-link'));
  } catch (caught) {
    const error = apiError(caught);
    const [title, words] = ending(error) ?? ['Not now', error.message];
    closed.value = { title, words, mayPass: ending(error) === null };
    document.title = `${title} · Minilab`;
    return;
  }
  closed.value = null;
  const label = link.value?.label;
  document.title = `${label ? `Pictures for ${label}` : 'Bring pictures'} · Minilab`;
  if (link.value && !over.value) announce(left(link.value).join(', '));
  await library.load();
}

function GuestUploadPage() {
  useEffect(() => { open(); }, []);
  return html`
    ${closed.value && html`<${Closed} ...${closed.value} />`}
    ${!closed.value && link.value && html`<${Inside} link=${link.value} />`}
    ${!closed.value && !link.value && html`<main><p class="lone slow" role="status">Asking the lab …</p></main>`}
    <${Toast} />
    <${Announcements} />
  `;
}

/** @param {Ending & { mayPass: boolean }} props */
function Closed({ title, words, mayPass }) {
  return html`
    <${Door} title=${title}>
      <p id="closed-words" role="alert">${words}</p>
      ${mayPass && html`<button type="button" class="main" onClick=${open}>Try again</button>`}
    <//>
  `;
}

/** @param {{ link: HeldUploadLink }} props */
function Inside({ link: said }) {
  return html`
    <a class="skip" href="#library-title">Skip to the pictures</a>
    <header class="top"><${Brand} /></header>
    <main>
      <div class="welcome">
        <h1 id="title">${said.label ? html`<${PicturesFor} label=${said.label} />` : 'Bring your pictures'}</h1>
        <ul id="left" class="left" role="list">
          ${!over.value && left(said).map((words) => html`<li key=${words}>${words}</li>`)}
        </ul>
      </div>
      <${WayIn} link=${said} />
      <p class="hint">Everybody who has this link sees what it brought, and so does whoever gave it to you.${' '}
        <span id="fate">${fate(said)}</span></p>
      <${UploadSummary} uploader=${uploader}>
        <h2 id="library-title" tabindex="-1">Pictures so far</h2>
        <p id="summary">${summary(uploader.counts.value)}</p>
      <//>
      <${ImageGrid} library=${library} act=${act} empty=${over.value ? '' : 'Nothing here yet. Yours may be the first.'} />
    </main>
  `;
}

/**
 * Where pictures go in, or why none do any more.
 * @param {{ link: HeldUploadLink }} props
 */
function WayIn({ link: said }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const hadFocus = hasFocus(box);
  const isOpen = over.value === null;
  useLayoutEffect(() => {
    if (hadFocus && !isOpen) document.getElementById('over')?.focus();
  }, [isOpen]);
  return html`
    <div class="way-in" ref=${box}>
      <${FileIntake} isOpen=${isOpen} add=${(/** @type {File[]} */ files) => uploader.add(files)} accept=${accept(said)}
        isTall=${true}>
        <span class="drop-words"><strong>Add your pictures</strong>${' '}
          <span class="mouse">Drop them anywhere on this page, or paste them</span>
          <span class="touch">As many at once as you like</span></span>
        <span class="main">Choose pictures</span>
        <span id="taken" class="hint">${taken(said)}</span>
      <//>
      ${over.value && html`<div id="over" class="over" tabindex="-1">
        <h2 id="over-title">${over.value.title}</h2>
        <p id="over-words">${over.value.words}</p>
      </div>`}
    </div>
  `;
}

/**
 * @param {string} what
 * @param {import('../card.js').Card} card
 */
function act(what, card) {
  uploader.act(what, card);
}

callBy(token);
// Looked at again after a while, it may have ended.
document.addEventListener('visibilitychange', () => {
  if (link.value && !document.hidden) refresh();
});
show(GuestUploadPage);
