// The first visit: whoever holds the link from the server's log becomes the first admin.

import { ask, apiError } from '../api.js';
import { Door } from '../components/brand.js';
import { Field, Form, Submit, useForm } from '../components/form.js';
import { html, show } from '../html.js';
import { enterByCookie } from '../sign-in-flow.js';
import { useLayoutEffect } from '../vendor/hooks.js';
import { signal, useSignal } from '../vendor/signals.js';

const token = signal('');
/** Why the link opens nothing any more. */
const over = signal('');

function takeToken() {
  token.value = location.hash.slice(1);
  over.value = '';
  // Whoever looks at the address bar or the history must not find it.
  history.replaceState(null, '', location.pathname);
}

/** @param {FormData} data */
async function setUp(data) {
  const json = { token: token.value, name: String(data.get('name')).trim(), password: data.get('password') };
  try {
    await ask('/api/v1/setup', { method: 'POST', json });
  } catch (caught) {
    const error = apiError(caught);
    if (error.code !== 'setup_over') throw error;
    over.value = error.message;
    return;
  }
  await enterByCookie();
}

function SetupPage() {
  const canSetUp = token.value !== '' && over.value === '';
  useLayoutEffect(() => document.getElementById(canSetUp ? 'name' : 'elsewhere')?.focus(), [canSetUp, token.value]);
  return html`
    <${Door} title="A new lab">
      ${canSetUp ? html`<${SetupForm} />` : html`<${Elsewhere} />`}
    <//>
  `;
}

function SetupForm() {
  const form = useForm(setUp);
  const isShown = useSignal(false);
  return html`
    <${Form} form=${form} id="setup" aria-label="Set up the lab">
      <p class="lead">Choose how you sign in. You will be the one who runs this lab.</p>
      <${Field} form=${form} id="name" label="Name" type="text" autocomplete="username" autocapitalize="off"
        spellcheck=${false} missing="Choose a name." wrong="bad_name name_taken" />
      <${Field} form=${form} id="password" label="Password" type=${isShown.value ? 'text' : 'password'}
        autocomplete="new-password" missing="Choose a password." wrong="weak_password"
        hint="Long beats tricky: a few words that belong together for you alone." />
      <label class="check">
        <input id="show" type="checkbox" onChange=${() => { isShown.value = !isShown.value; }} /> Show the password
      </label>
      <${Submit} form=${form}>Open the lab<//>
    <//>
  `;
}

function Elsewhere() {
  return html`
    <section id="elsewhere" tabindex="-1" aria-label="Without a link">
      <p id="over" class="trouble" role="alert">${over.value}</p>
      <p>Setting up starts from a link. As long as the lab has no account, each start of the server
        writes one to its log. It is good for a short while and looks like this:</p>
      <p><code>http://…/setup#…</code></p>
      <p>There is another way, where the server runs: <code>minilab account add</code>.</p>
      <p class="hint">Set up already? <a href="/sign-in">Sign in</a></p>
    </section>
  `;
}

// Pasted into this very tab, the link changes no more than its fragment: nothing is loaded.
window.addEventListener('hashchange', takeToken);
takeToken();
show(SetupPage);
