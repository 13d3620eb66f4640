// The way out: whatever this browser was known by is forgotten, on both sides.

import { ask } from './api.js';
import { forget } from './session.js';

const at = (id) => document.getElementById(id);

async function signOut() {
  // First, and whatever the network does; the request must not be judged by an old key either.
  forget();
  try {
    await ask('/api/v1/session', { method: 'DELETE' });
    end('Signed out', 'This browser opens your pictures no more.', at('again'));
  } catch (trouble) {
    end('Still signed in', trouble.message, at('retry'));
  }
}

function end(title, words, next) {
  document.title = `${title} · Minilab`;
  at('title').textContent = title;
  at('words').textContent = words;
  next.hidden = false;
  at('title').focus();
}

// A reload asks once more.
at('retry').addEventListener('click', () => location.reload());
signOut();
