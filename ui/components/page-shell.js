// What every page behind the door begins with, and what it shows of whoever came in.

import { Trouble } from './api.js';
import { goToDoor, readMe } from './enter.js';
import { isGuest, mayInvite, session } from './session.js';
import { tell } from './share.js';
import { bytes, count, number } from './words.js';

const at = (id) => document.getElementById(id);

/** Opens the page to whoever the lab knows. Without that it is left, or says why not. */
export async function comeIn() {
  at('reload').addEventListener('click', () => location.reload());
  // Browsers bring pages back as they were: after signing out nothing may be seen by going back.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
  try {
    await readMe();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (trouble.status === 401) {
      goToDoor();
      return false;
    }
    at('closed').hidden = false;
    at('closed-trouble').textContent = trouble.message;
    return false;
  }
  showMe();
  for (const part of document.querySelectorAll('[data-open]')) part.hidden = false;
  tell(isGuest() ? 'You are a guest here' : `Signed in as ${session.me.account}`);
  return true;
}

function showMe() {
  const { account, tier, usage, limits } = session.me;
  const pictures = limits.images === null
    ? count(usage.images, 'picture')
    : `${number(usage.images)} of ${count(limits.images, 'picture')}`;
  at('account').textContent = isGuest() ? 'Guest' : account;
  at('usage').textContent = `${tier} · ${pictures} · ${bytes(usage.bytes)}`;
  at('enter').hidden = !isGuest();
  at('leave').hidden = isGuest();
  for (const way of document.querySelectorAll('[data-inviting]')) way.hidden = !mayInvite();
}

/**
 * The numbers at the top may be old for a moment; a session that has ended may not. `leaving` is
 * called when this page has to be left.
 */
export async function refreshMe(leaving = () => {}) {
  const before = session.me.account;
  try {
    await readMe();
    if (session.me.account === before) showMe();
    // Somebody else came in by another tab, or the lab takes this one for a guest now.
    else location.reload();
  } catch (trouble) {
    if (trouble.status !== 401) return;
    leaving();
    goToDoor('#ended');
  }
}
