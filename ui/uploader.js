// Files on their way into the lab: sent three at a time, each with a card that says what became of
// it.

import { ApiError, apiError, send } from './api.js';
import { Card } from './card.js';
import { count, tooLarge } from './format.js';
import { atMost } from './limit.js';
import { isInvited } from './session.js';
import { announce, toast } from './toast.js';
import { computed, signal } from './vendor/signals.js';

/** @import { UploadItem } from './api.js' */
/** @import { Library } from './library.js' */
/** @typedef {{ file: File, card: Card, request: XMLHttpRequest | null }} Job */

export class Uploader {
  /**
   * `limit` tells the most bytes of one file; `outcomes` has a word for `created`, `duplicate`,
   * `refused` and `failed`, where one is said; `changed` is called when there is something new to
   * say about the whole.
   * @param {{ library: Library, limit: () => number, outcomes: Record<string, string>, changed: () => void }} options
   */
  constructor({ library, limit, outcomes, changed }) {
    this.library = library;
    this.limit = limit;
    this.outcomes = outcomes;
    this.changed = changed;
    this.queue = atMost(3, (/** @type {Job} */ job) => this.send(job));
    this.previews = atMost(1, (/** @type {Job} */ { card, file }) => card.preview(file));
    this.jobs = signal(/** @type {Job[]} */ ([]));
    this.tally = signal(/** @type {Record<string, number>} */ ({ created: 0, duplicate: 0 }));
    this.refused = computed(() => this.jobs.value.filter((job) => job.card.state.value === 'refused'));
    /** Those of them that may fare better now. */
    this.retriable = computed(() => this.refused.value.filter((job) => job.card.error?.mayPass));
    /** How many are still on their way. */
    this.left = computed(() => this.jobs.value.length - this.refused.value.length);
    /** How many files had which outcome, so far. */
    this.counts = computed(() => {
      const stopped = this.refused.value;
      const refused = stopped.filter((job) => job.card.error?.isRefusal).length;
      return { ...this.tally.value, refused, failed: stopped.length - refused };
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.left.value > 0) event.preventDefault();
    });
  }

  /**
   * What a card's button asks for.
   * @param {string} what
   * @param {Card} card
   */
  act(what, card) {
    if (what === 'retry') this.retry(card);
    else if (what === 'dismiss' || what === 'cancel') this.drop(card);
  }

  /** @param {File[]} files */
  add(files) {
    if (files.length === 0) return;
    const jobs = files.map((file) => ({ file, card: new Card(file.name), request: null }));
    this.library.prepend(jobs.map((job) => job.card));
    this.jobs.value = [...this.jobs.value, ...jobs];
    announce(`${count(jobs.length, 'picture')} on the way`);
    for (const job of jobs) {
      if (job.file.type.startsWith('image/')) this.previews.add(job);
      this.start(job);
    }
  }

  /** @param {Job} job */
  start(job) {
    const limit = this.limit();
    // Browsers report a refusal in the middle of a body as a broken connection: say it before.
    if (job.file.size > limit) {
      this.refuse(job, new ApiError(tooLarge(limit, isInvited()), 413, 'too_large'));
      return;
    }
    job.card.outcome.value = '';
    job.card.become('waiting', 'Waiting');
    this.queue.add(job);
    this.changed();
  }

  /** @param {Job} job */
  async send(job) {
    const { card, file } = job;
    try {
      card.progress(0);
      const item = await send(file, {
        started: (request) => { job.request = request; },
        progress: (fraction) => card.progress(fraction),
      });
      if (item) this.taken(job, item);
    } catch (caught) {
      this.refuse(job, apiError(caught));
    } finally {
      job.request = null;
      this.changed();
    }
  }

  /**
   * @param {Job} job
   * @param {UploadItem} item
   */
  taken(job, item) {
    this.jobs.value = this.jobs.value.filter((one) => one !== job);
    this.tally.value = { ...this.tally.value, [item.status]: this.tally.value[item.status] + 1 };
    const known = this.library.byId.get(item.id ?? '');
    const outcome = this.outcomes[item.status] ?? '';
    (known ?? job.card).outcome.value = outcome;
    if (item.status === 'duplicate') toast(`${outcome}: ${job.file.name}`);
    if (known) {
      this.library.replace(job.card, known);
    } else if (item.image) {
      this.library.adopt(job.card, item.image);
      if (item.image.state !== 'processing') this.library.settled(job.card);
    } else {
      this.library.lose(job.card);
    }
  }

  /**
   * @param {Job} job
   * @param {ApiError} error
   */
  refuse(job, error) {
    job.card.outcome.value = this.outcomes[error.isRefusal ? 'refused' : 'failed'] ?? '';
    job.card.refuse(error);
    announce(`${job.file.name}: ${error.message}`);
    this.changed();
  }

  /** @param {Card} card */
  retry(card) {
    const job = this.jobs.value.find((one) => one.card === card);
    if (job?.card.state.value === 'refused') this.start(job);
  }

  /** @param {Card} card */
  drop(card) {
    const job = this.jobs.value.find((one) => one.card === card);
    if (!job) return;
    this.jobs.value = this.jobs.value.filter((one) => one !== job);
    this.queue.drop(job);
    this.previews.drop(job);
    job.request?.abort();
    this.library.remove(card);
    this.changed();
  }

  dropAll() {
    for (const job of this.jobs.value) this.drop(job.card);
  }
}
