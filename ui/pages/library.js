// The page behind the door: the library, and the way pictures get into it.

import { askJson } from '../api.js';
import { copyLink } from '../clipboard.js';
import { FileIntake } from '../components/file-intake.js';
import { ImageDialog } from '../components/image-dialog.js';
import { ImageGrid } from '../components/image-grid.js';
import { showInside } from '../components/page-shell.js';
import { PicturesFor, UploadSummary } from '../components/upload-summary.js';
import { bytes } from '../format.js';
import { html } from '../html.js';
import { Library } from '../library.js';
import { me } from '../session.js';
import { refreshMe } from '../sign-in-flow.js';
import { announce, toast } from '../toast.js';
import { Uploader } from '../uploader.js';
import { useEffect } from '../vendor/hooks.js';
import { signal } from '../vendor/signals.js';

/** @import { Card } from '../card.js' */

const ACCEPT = ['jpeg', 'png', 'gif', 'webp', 'avif', 'heic', 'bmp', 'tiff', 'x-icon'];
/** The id of an upload link: then only what came through it is shown. */
const through = new URLSearchParams(location.search).get('link');

/** The picture whose dialog is open. */
const opened = signal(/** @type {Card | null} */ (null));
/** What the upload link is for. */
const label = signal('');

const library = new Library({
  filter: through === null ? '' : `&link=${encodeURIComponent(through)}`,
  settled: (card) => {
    const isReady = card.state.value === 'ready';
    announce(isReady ? `${card.name} is ready` : `${card.name}: ${card.note.value}`);
  },
});
const uploader = new Uploader({
  library,
  limit: () => me.value?.limits.upload_bytes ?? 0,
  outcomes: { duplicate: 'You already have this one' },
  changed: () => { if (uploader.left.value === 0) refresh(); },
});

function refresh() {
  // Nothing of it would be taken any more: no reason to ask before leaving.
  refreshMe(() => uploader.dropAll());
}

/**
 * @param {string} what
 * @param {Card} card
 */
function act(what, card) {
  const best = card.best();
  if (what === 'open') opened.value = card;
  else if (what === 'copy' && best) copyLink(best.url);
  else uploader.act(what, card);
}

/** @param {Card} card */
function deleted(card) {
  opened.value = null;
  library.remove(card);
  toast(`${card.name} is deleted.`);
  refresh();
}

async function askLabel() {
  try {
    ({ label: label.value } = await askJson(`/api/v1/upload-links/${encodeURIComponent(through ?? '')}`));
    if (label.value) document.title = `Pictures for ${label.value} · Minilab`;
  } catch {
    // Links are forgotten some time after their end; what came in stays.
  }
}

function LibraryPage() {
  const isNarrow = through !== null;
  useEffect(() => {
    if (isNarrow) askLabel();
    library.load();
  }, []);
  return html`
    <section id="lab" aria-labelledby="library-title">
      <${FileIntake} isOpen=${!isNarrow} add=${(/** @type {File[]} */ files) => uploader.add(files)}
        accept=${ACCEPT.map((name) => `image/${name}`).join()}>
        <span class="drop-words"><strong>Add pictures</strong>${' '}
          <span class="mouse">Drop them anywhere, paste, or click to choose</span>
          <span class="touch">Take or choose some</span>${' '}
          <span id="limit">· up to ${bytes(me.value?.limits.upload_bytes ?? 0)} each</span></span>
      <//>
      <${UploadSummary} uploader=${uploader}>
        <h1 id="library-title" tabindex="-1"><${Title} isNarrow=${isNarrow} /></h1>
        ${isNarrow && html`<a id="all" class="quiet" href="/">All pictures</a>`}
      <//>
      <${ImageGrid} library=${library} act=${act} isOwn=${true} empty=${isNarrow
        ? 'Nothing has come in through this link, or nothing of it is left.'
        : 'Nothing here yet. Add a picture and watch its prints develop.'} />
    </section>
    ${opened.value && html`<${ImageDialog} key=${opened.value.number} card=${opened.value} deleted=${deleted}
      closed=${() => { opened.value = null; }} />`}
  `;
}

/** @param {{ isNarrow: boolean }} props */
function Title({ isNarrow }) {
  if (!isNarrow) return 'Your pictures';
  return label.value ? html`<${PicturesFor} label=${label.value} />` : 'Pictures from an upload link';
}

showInside({ Page: LibraryPage, skipTo: { id: 'library-title', words: 'Skip to your pictures' } });
