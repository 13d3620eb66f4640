// Talks to the lab. Every failure is a Trouble, whose message can be shown as it is.

import { isInvited, key } from './session.js';
import { problem } from './words.js';

const BROKEN = 'The connection broke. Check the network, then try again.';

export class Trouble extends Error {
  /** `problems` are what is wrong with single members of what was sent, where the lab tells. */
  constructor(message, status = 0, code = 'network', problems = []) {
    super(message);
    Object.assign(this, { status, code, problems });
  }

  /** The lab looked at it and said no; everything else did not come so far. */
  get isRefusal() {
    return this.status >= 400 && this.status < 500 && ![408, 429].includes(this.status);
  }

  /** Whether the same request may fare better later. */
  get mayPass() {
    if (this.code === 'upload_link_full') return false;
    return this.status === 0 || this.status >= 500 || [403, 408, 429].includes(this.status);
  }
}

function credentials() {
  const secret = key();
  return secret ? { Authorization: `Bearer ${secret}` } : {};
}

/** One request, with `json` as its body if there is any; a bad status is thrown. */
export async function ask(path, { method = 'GET', headers = {}, json } = {}) {
  const sent = { method, headers: { ...credentials(), ...headers } };
  if (json) {
    sent.headers['Content-Type'] = 'application/json';
    sent.body = JSON.stringify(json);
  }
  let response;
  try {
    response = await fetch(path, sent);
  } catch {
    throw new Trouble(BROKEN);
  }
  if (response.ok) return response;
  const wait = Number(response.headers.get('Retry-After'));
  throw refusal(response.status, await response.json().catch(() => null), wait);
}

export async function askJson(path, options) {
  const response = await ask(path, options);
  try {
    return await response.json();
  } catch {
    throw new Trouble(BROKEN);
  }
}

/** The bytes of a print. One that is not made yet is waited for. */
export async function askPrint(url) {
  for (let turn = 0; turn < 5; turn += 1) {
    const response = await ask(url, { headers: { Prefer: 'wait=20' } });
    if (response.status === 200) {
      try {
        return await response.blob();
      } catch {
        throw new Trouble(BROKEN);
      }
    }
    await pause(1000);
  }
  throw new Trouble('This print takes unusually long. Try again in a moment.');
}

/**
 * Sends one file; the item of the answer. Only XMLHttpRequest tells how much has left.
 * `started` gets the request, so that it can be aborted; an abort resolves to null.
 */
export function send(file, { started, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/images');
    for (const [name, value] of Object.entries(credentials())) {
      request.setRequestHeader(name, value);
    }
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    request.onerror = () => reject(new Trouble(BROKEN));
    request.onabort = () => resolve(null);
    request.onload = () => {
      const item = request.response?.items?.[0];
      if (request.status < 300 && item?.id) resolve(item);
      else reject(refusal(request.status, request.response));
    };
    const form = new FormData();
    form.append('file', file, file.name);
    request.send(form);
    started(request);
  });
}

function refusal(status, body, wait) {
  const message = problem(status, body, { wait, isInvited: isInvited() });
  return new Trouble(message, status, body?.code ?? '', body?.problems);
}

export function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
