// Files on their way into the lab: sent three at a time, each with a card that says what became of
// it.

import { Trouble, send } from './api.js';
import { Card } from './card.js';
import { makeQueue } from './queue.js';
import { isInvited } from './session.js';
import { say, tell } from './share.js';
import { count, tooLarge } from './words.js';

export class Bringing {
  /**
   * `limit` tells the most bytes of one file; `outcomes` has a word for `created`, `duplicate`,
   * `refused` and `failed`, where one is said; `changed` is called when there is something new to
   * say about the whole.
   */
  constructor({ library, limit, outcomes, changed }) {
    Object.assign(this, { library, limit, outcomes, changed });
    this.queue = makeQueue(3, (job) => this.send(job));
    this.previews = makeQueue(1, ({ card, file }) => card.preview(file));
    this.jobs = new Map();
    this.tally = { created: 0, duplicate: 0 };
  }

  /** What a card's button asks for. */
  act(what, card) {
    if (what === 'retry') this.retry(card);
    else if (what === 'dismiss' || what === 'cancel') this.drop(card);
  }

  add(files) {
    if (files.length === 0) return;
    const jobs = files.map((file) => ({ file, card: new Card(file.name, this.library.act) }));
    this.library.prepend(jobs.map((job) => job.card));
    tell(`${count(jobs.length, 'picture')} on the way`);
    for (const job of jobs) {
      this.jobs.set(job.card, job);
      if (job.file.type.startsWith('image/')) this.previews.add(job);
      this.start(job);
    }
  }

  start(job) {
    const limit = this.limit();
    // Browsers report a refusal in the middle of a body as a broken connection: say it before.
    if (job.file.size > limit) {
      this.refuse(job, new Trouble(tooLarge(limit, isInvited()), 413, 'too_large'));
      return;
    }
    job.card.remark();
    job.card.become('waiting', 'Waiting');
    this.queue.add(job);
    this.changed();
  }

  async send(job) {
    const { card, file } = job;
    try {
      card.progress(0);
      const item = await send(file, {
        started: (request) => { job.request = request; },
        progress: (fraction) => card.progress(fraction),
      });
      if (item) this.taken(job, item);
    } catch (trouble) {
      this.refuse(job, trouble);
    } finally {
      job.request = null;
      // The queue counts this one as busy until it has returned.
      queueMicrotask(() => this.changed());
    }
  }

  taken(job, item) {
    this.jobs.delete(job.card);
    this.tally[item.status] += 1;
    const known = this.library.cards.get(item.id);
    const outcome = this.outcomes[item.status];
    (known ?? job.card).remark(outcome);
    if (item.status === 'duplicate') say(`${outcome}: ${job.file.name}`);
    if (known) {
      this.library.replace(job.card, known);
    } else if (item.image) {
      this.library.adopt(job.card, item.image);
      if (item.image.state !== 'processing') this.library.settled(job.card);
    } else {
      this.library.lose(job.card);
    }
  }

  refuse(job, trouble) {
    job.card.remark(this.outcomes[trouble.isRefusal ? 'refused' : 'failed']);
    job.card.refuse(trouble);
    tell(`${job.file.name}: ${trouble.message}`);
    this.changed();
  }

  retry(card) {
    const job = this.jobs.get(card);
    if (job?.card.state === 'refused') this.start(job);
  }

  drop(card) {
    const job = this.jobs.get(card);
    if (!job) return;
    this.jobs.delete(card);
    this.queue.drop(job);
    this.previews.drop(job);
    job.request?.abort();
    this.library.remove(card);
    this.changed();
  }

  dropAll() {
    for (const card of [...this.jobs.keys()]) this.drop(card);
  }

  refused() {
    return [...this.jobs.keys()].filter((card) => card.state === 'refused');
  }

  /** How many files had which outcome, so far. */
  counts() {
    const stopped = this.refused();
    const refused = stopped.filter((card) => card.trouble.isRefusal).length;
    return { ...this.tally, refused, failed: stopped.length - refused };
  }

  /** How many are still on their way. */
  left() {
    return this.jobs.size - this.refused().length;
  }
}
