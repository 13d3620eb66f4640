// Talks to the lab. Every failure is an ApiError, whose message can be shown as it is.

import { problem } from './format.js';
import { isInvited, key } from './session.js';

// The shapes of what the lab says, out of its own description of the API.
/** @typedef {import('./api-types.js').components['schemas']} Schemas */
/** @typedef {Schemas['Image']} Image */
/** @typedef {Schemas['Variant']} Variant */
/** @typedef {Schemas['Me']} Me */
/** @typedef {Schemas['UploadItem']} UploadItem */
/** @typedef {Schemas['UploadLink']} UploadLink */
/** @typedef {Schemas['NewUploadLink']} NewUploadLink */
/** @typedef {Schemas['NewUploadLinkAnswer']} NewUploadLinkAnswer */
/** @typedef {Schemas['HeldUploadLink']} HeldUploadLink */
/** @typedef {Schemas['DeleteAfter']} DeleteAfter */
/** @typedef {{ field: string, detail: string }} FieldProblem What is wrong with a member of what was sent. */

const BROKEN = 'The connection broke. Check the network, then try again.';

export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   * @param {string} [code]
   * @param {FieldProblem[]} [problems]
   */
  constructor(message, status = 0, code = 'network', problems = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
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

/**
 * What was caught, if it came from the lab or the way there. A mistake of ours is thrown again.
 * @param {unknown} caught
 */
export function apiError(caught) {
  if (caught instanceof ApiError) return caught;
  throw caught;
}

/** @returns {Record<string, string>} */
function credentials() {
  const secret = key();
  return secret ? { Authorization: `Bearer ${secret}` } : {};
}

/**
 * One request, with `json` as its body if there is any; a bad status is thrown.
 * @param {string} path
 * @param {{ method?: string, headers?: Record<string, string>, json?: object }} [options]
 */
export async function ask(path, { method = 'GET', headers = {}, json } = {}) {
  const sent = new Headers({ ...credentials(), ...headers });
  if (json) sent.set('Content-Type', 'application/json');
  let response;
  try {
    response = await fetch(path, { method, headers: sent, body: json && JSON.stringify(json) });
  } catch {
    throw new ApiError(BROKEN);
  }
  if (response.ok) return response;
  const wait = Number(response.headers.get('Retry-After'));
  throw refusal(response.status, await response.json().catch(() => null), wait);
}

/**
 * The same for an answer of JSON. What shape it has is for the caller to say.
 * @param {string} path
 * @param {Parameters<typeof ask>[1]} [options]
 * @returns {Promise<any>}
 */
export async function askJson(path, options) {
  const response = await ask(path, options);
  try {
    return await response.json();
  } catch {
    throw new ApiError(BROKEN);
  }
}

/**
 * The bytes of a print. One that is not made yet is waited for.
 * @param {string} url
 */
export async function askPrint(url) {
  for (let turn = 0; turn < 5; turn += 1) {
    const response = await ask(url, { headers: { Prefer: 'wait=20' } });
    if (response.status === 200) {
      try {
        return await response.blob();
      } catch {
        throw new ApiError(BROKEN);
      }
    }
    await pause(1000);
  }
  throw new ApiError('This print takes unusually long. Try again in a moment.');
}

/**
 * Sends one file; the item of the answer. Only XMLHttpRequest tells how much has left.
 * `started` gets the request, so that it can be aborted; an abort resolves to null.
 * @param {File} file
 * @param {{ started: (request: XMLHttpRequest) => void, progress: (fraction: number) => void }} told
 * @returns {Promise<UploadItem | null>}
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
    request.onerror = () => reject(new ApiError(BROKEN));
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

/**
 * @param {number} status
 * @param {any} body
 * @param {number} [wait]
 */
function refusal(status, body, wait) {
  const message = problem(status, body, { wait, isInvited: isInvited() });
  return new ApiError(message, status, body?.code ?? '', body?.problems);
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
