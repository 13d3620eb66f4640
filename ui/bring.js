// Files on their way in: dropped, pasted or chosen; sent three at a time.

import { Trouble, send } from './api.js';
import { Card } from './card.js';
import { makeQueue } from './queue.js';
import { session } from './session.js';
import { say, tell } from './share.js';
import { count, tooLarge } from './words.js';

export class Bringing {
  /** `changed` is called whenever there is something new to say about the whole. */
  constructor(library, changed) {
    Object.assign(this, { library, changed });
    this.queue = makeQueue(3, (job) => this.send(job));
    this.jobs = new Map();
  }

  add(files) {
    if (files.length === 0) return;
    const jobs = files.map((file) => ({ file, card: new Card(file.name, this.library.act) }));
    this.library.prepend(jobs.map((job) => job.card));
    tell(`${count(jobs.length, 'picture')} on the way`);
    for (const job of jobs) {
      this.jobs.set(job.card, job);
      if (job.file.type.startsWith('image/')) job.card.preview(job.file);
      this.start(job);
    }
  }

  start(job) {
    const limit = session.me?.limits.upload_bytes ?? Infinity;
    // Browsers report a refusal in the middle of a body as a broken connection: say it before.
    if (job.file.size > limit) {
      this.refuse(job, new Trouble(tooLarge(limit), 413, 'too_large'));
      return;
    }
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
    const known = this.library.cards.get(item.id);
    if (known) {
      this.library.remove(job.card);
      known.flash();
    } else {
      this.library.adopt(job.card, item.image);
      if (item.image.state !== 'processing') this.library.settled(job.card);
    }
    if (item.status === 'duplicate') {
      (known ?? job.card).remark('You already have this one');
      say(`You already have ${job.file.name}.`);
    }
  }

  refuse(job, trouble) {
    job.card.refuse(trouble.message, trouble.mayPass);
    tell(`${job.file.name}: ${trouble.message}`);
    this.changed();
  }

  retry(card) {
    const job = this.jobs.get(card);
    if (job) this.start(job);
  }

  drop(card) {
    const job = this.jobs.get(card);
    if (!job) return;
    this.jobs.delete(card);
    this.queue.drop(job);
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

  /** How many are still on their way. */
  left() {
    return this.jobs.size - this.refused().length;
  }
}

/** Whatever way files come in on this page, `add` gets them. */
export function listen({ input, isOpen, add }) {
  input.addEventListener('change', () => {
    const files = [...input.files];
    // Choosing the same file again is a change too.
    input.value = '';
    add(files);
  });
  const root = document.documentElement;
  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files') && isOpen();
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.classList.add('dragging');
  });
  document.addEventListener('dragleave', (event) => {
    // Leaving the window has no element that is entered.
    if (event.relatedTarget === null) root.classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    root.classList.remove('dragging');
    if (!carriesFiles(event)) return;
    event.preventDefault();
    add(withoutFolders(event.dataTransfer));
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || !isOpen()) return;
    event.preventDefault();
    add(files.map(named));
  });
}

function withoutFolders(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory ?? false;
  const folders = items.filter(isFolder).length;
  if (folders > 0) say('Folders stay where they are: drop the pictures in them.');
  return items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
}

/** Every screenshot in the clipboard is called image.png; a time tells them apart. */
function named(file) {
  if (file.name !== 'image.png') return file;
  const time = new Date().toLocaleString('sv').replaceAll(':', '.');
  return new File([file], `Pasted ${time}.png`, { type: file.type });
}
