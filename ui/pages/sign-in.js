// The door: a name and a password, or a key.

import { ApiError, apiError, ask } from '../api.js';
import { Door } from '../components/brand.js';
import { FORM, Field, Form, Submit, useForm } from '../components/form.js';
import { html, show } from '../html.js';
import { forget, hasKey, isGuest } from '../session.js';
import { enterByCookie, enterByKey, goOn, readMe } from '../sign-in-flow.js';
import { useEffect, useLayoutEffect } from '../vendor/hooks.js';
import { signal } from '../vendor/signals.js';

const byKey = signal(false);

/** @param {FormData} data */
async function signInByPassword(data) {
  const json = { account: String(data.get('name')).trim(), password: data.get('password') };
  await ask('/api/v1/session', { method: 'POST', json });
  await enterByCookie();
}

/** @param {FormData} data */
async function signInByKey(data) {
  const typed = String(data.get('key')).trim();
  // Anything else cannot even be sent as a header.
  if (!/^[\x21-\x7e]+$/.test(typed)) throw new ApiError('That does not look like a key.', 0, 'no_key');
  await enterByKey(typed, data.has('remember'));
}

function SignInPage() {
  const passwordForm = useForm(signInByPassword);
  const keyForm = useForm(signInByKey);
  /** Whoever is known already goes through; a key that stopped working is said and forgotten. */
  const lookWhoComes = async () => {
    const hadKey = hasKey();
    try {
      await readMe();
      if (!isGuest()) goOn();
    } catch (caught) {
      const error = apiError(caught);
      if (!hadKey || error.status !== 401) return;
      forget();
      byKey.value = true;
      keyForm.complain({ key: error.message });
    }
  };
  useEffect(() => {
    if (location.hash === '#ended') {
      passwordForm.complain({ [FORM]: 'You are no longer signed in here. Sign in to go on.' });
    }
    lookWhoComes();
  }, []);
  useLayoutEffect(() => document.getElementById(byKey.value ? 'key' : 'name')?.focus(), [byKey.value]);
  return html`
    <${Door} title="Minilab">
      <p>Drop pictures off, pick up prints.</p>
      <${PasswordForm} form=${passwordForm} />
      <${KeyForm} form=${keyForm} />
      <p class="hint">No account? Whoever runs this lab makes one. <a href="/setup">Is the lab new?</a></p>
    <//>
  `;
}

/** @param {{ form: ReturnType<typeof useForm> }} props */
function PasswordForm({ form }) {
  return html`
    <${Form} form=${form} id="by-password" hidden=${byKey.value} aria-label="Sign in with a password">
      <${Field} form=${form} id="name" label="Name" type="text" autocomplete="username" autocapitalize="off"
        spellcheck=${false} missing="Type your name." />
      <${Field} form=${form} id="password" label="Password" type="password" autocomplete="current-password"
        missing="Type your password." wrong="wrong_password" />
      <${Submit} form=${form}>Sign in<//>
      <button type="button" class="quiet" data-do="other-way" onClick=${() => { byKey.value = true; }}>
        Use a key instead
      </button>
    <//>
  `;
}

/** @param {{ form: ReturnType<typeof useForm> }} props */
function KeyForm({ form }) {
  return html`
    <${Form} form=${form} id="by-key" hidden=${!byKey.value} aria-label="Sign in with a key">
      <!-- Password managers want a name to file the key under. -->
      <input type="text" autocomplete="username" value="minilab" hidden />
      <${Field} form=${form} id="key" label="Your key" type="password" autocomplete="current-password"
        autocapitalize="off" spellcheck=${false} missing="Paste or type your key." wrong="unauthorized no_key" />
      <label class="check"><input id="remember" name="remember" type="checkbox" /> Remember on this device</label>
      <${Submit} form=${form}>Sign in<//>
      <button type="button" class="quiet" data-do="other-way" onClick=${() => { byKey.value = false; }}>
        Use a password instead
      </button>
    <//>
  `;
}

show(SignInPage);
