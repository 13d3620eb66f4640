// What every page behind the door stands in: who came in, the way to the other pages, and what is said when
// the lab cannot be had.

import { apiError } from '../api.js';
import { bytes, count, number } from '../format.js';
import { html, show } from '../html.js';
import { isGuest, me } from '../session.js';
import { doorTo, goToDoor, readMe } from '../sign-in-flow.js';
import { announce } from '../toast.js';
import { useEffect } from '../vendor/hooks.js';
import { useSignal } from '../vendor/signals.js';
import { Brand, Door } from './brand.js';
import { Navigation } from './navigation.js';
import { Announcements, Toast } from './toast.js';

/**
 * Shows a page to whoever the lab knows. `skipTo` names the heading that the keyboard may go to at once.
 * @param {{ Page: () => any, skipTo: { id: string, words: string } }} page
 */
export function showInside({ Page, skipTo }) {
  // Browsers bring pages back as they were: after signing out nothing may be seen by going back.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
  show(() => html`<${PageShell} Page=${Page} skipTo=${skipTo} />`);
}

/** @param {{ Page: () => any, skipTo: { id: string, words: string } }} props */
function PageShell({ Page, skipTo }) {
  const trouble = useSignal('');
  const isAsking = useSignal(true);
  const comeIn = async () => {
    isAsking.value = true;
    try {
      await readMe();
      announce(isGuest() ? 'You are a guest here' : `Signed in as ${me.value?.account}`);
    } catch (caught) {
      const error = apiError(caught);
      if (error.status === 401) {
        goToDoor();
        return;
      }
      trouble.value = error.message;
    }
    isAsking.value = false;
  };
  useEffect(() => { comeIn(); }, []);
  return html`
    ${me.value
      ? html`<${Inside} Page=${Page} skipTo=${skipTo} />`
      : html`<${Outside} trouble=${trouble.value} isAsking=${isAsking.value} again=${comeIn} />`}
    <${Toast} />
    <${Announcements} />
  `;
}

/** @param {{ Page: () => any, skipTo: { id: string, words: string } }} props */
function Inside({ Page, skipTo }) {
  return html`
    <a class="skip" href=${`#${skipTo.id}`}>${skipTo.words}</a>
    <header class="top">
      <${Brand} />
      <${Navigation} />
      <${Visitor} />
    </header>
    <main><${Page} /></main>
    <footer class="foot"><a href="/docs">API documentation</a></footer>
  `;
}

function Visitor() {
  const visitor = me.value;
  if (!visitor) return null;
  const { account, tier, usage, limits } = visitor;
  const pictures = limits.images == null
    ? count(usage.images, 'picture')
    : `${number(usage.images)} of ${count(limits.images, 'picture')}`;
  return html`
    <p class="who">
      <strong id="account">${isGuest() ? 'Guest' : account}</strong>${' '}
      <span id="usage">${tier} · ${pictures} · ${bytes(usage.bytes)}</span>
    </p>
    ${isGuest()
      ? html`<a id="enter" class="quiet" href=${doorTo(location.pathname + location.search)}>Sign in</a>`
      : html`<a id="leave" class="quiet" href="/sign-out">Sign out</a>`}
  `;
}

/**
 * Before the lab has said who this is, and when it does not.
 * @param {{ trouble: string, isAsking: boolean, again: () => void }} props
 */
function Outside({ trouble, isAsking, again }) {
  if (trouble === '') return html`<main><p class="lone slow" role="status">Asking the lab …</p></main>`;
  return html`
    <${Door} title="Closed">
      <p id="closed-trouble" role="alert">${trouble}</p>
      <button type="button" class="main" aria-disabled=${isAsking} onClick=${isAsking ? null : again}>
        ${isAsking ? 'Trying …' : 'Try again'}
      </button>
      <a class="quiet" href="/sign-out">Sign out</a>
    <//>
  `;
}
