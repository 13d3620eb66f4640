// The first visit: whoever holds the link from the server's log becomes the first admin.

import { ask } from './api.js';
import { enterByCookie } from './enter.js';
import { listenTo } from './form.js';

const at = (id) => document.getElementById(id);
let token = '';

function takeToken() {
  token = location.hash.slice(1);
  // Whoever looks at the address bar or the history must not find it.
  history.replaceState(null, '', location.pathname);
  at('setup').hidden = token === '';
  at('elsewhere').hidden = token !== '';
  at(token ? 'name' : 'elsewhere').focus();
}

async function setUp() {
  const json = { token, name: at('name').value.trim(), password: at('password').value };
  try {
    await ask('/api/v1/setup', { method: 'POST', json });
  } catch (trouble) {
    if (trouble.code !== 'setup_over') throw trouble;
    at('setup').hidden = true;
    at('elsewhere').hidden = false;
    at('over').textContent = trouble.message;
    at('elsewhere').focus();
    return;
  }
  await enterByCookie();
}

listenTo(at('setup'), setUp);
at('show').addEventListener('change', () => {
  at('password').type = at('show').checked ? 'text' : 'password';
});
// Pasted into this very tab, the link changes no more than its fragment: nothing is loaded.
window.addEventListener('hashchange', takeToken);
takeToken();
