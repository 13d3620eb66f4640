// The way out: whatever this browser was known by is forgotten, on both sides.

import { apiError, ask } from '../api.js';
import { Door } from '../components/brand.js';
import { html, show } from '../html.js';
import { forget } from '../session.js';
import { useEffect, useLayoutEffect, useRef } from '../vendor/hooks.js';
import { signal } from '../vendor/signals.js';

const outcome = signal(/** @type {{ title: string, words: string, isOut: boolean } | null} */ (null));

async function signOut() {
  // First, and whatever the network does; the request must not be judged by an old key either.
  forget();
  try {
    await ask('/api/v1/session', { method: 'DELETE' });
    outcome.value = { title: 'Signed out', words: 'This browser opens your pictures no more.', isOut: true };
  } catch (caught) {
    outcome.value = { title: 'Still signed in', words: apiError(caught).message, isOut: false };
  }
  document.title = `${outcome.value.title} · Minilab`;
}

function SignOutPage() {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const { title, words, isOut } = outcome.value ?? { title: 'Signing out …', words: '', isOut: null };
  useEffect(() => { signOut(); }, []);
  useLayoutEffect(() => {
    if (isOut !== null) heading.current?.focus();
  }, [outcome.value]);
  return html`
    <${Door} title=${title} titleRef=${heading}>
      <p id="words">${words}</p>
      ${isOut === true && html`<a id="again" class="main" href="/sign-in">Sign in again</a>`}
      ${isOut === false && html`<button id="retry" type="button" class="main" onClick=${signOut}>Try again</button>`}
    <//>
  `;
}

show(SignOutPage);
