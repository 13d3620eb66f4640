// A list that the lab hands out page by page.

import { askJson } from './api.js';

export class Pages {
  /**
   * `path` has a query already. `show` gets the items of a page, and returns what it made of them,
   * each with a `focus`. `changed` is called after each attempt.
   */
  constructor({ path, more, trouble, show, changed }) {
    Object.assign(this, { path, more, trouble, show, changed });
    this.cursor = null;
    more.addEventListener('click', () => this.load());
  }

  async load() {
    this.more.disabled = true;
    this.trouble.textContent = '';
    try {
      const cursor = this.cursor ? `&cursor=${encodeURIComponent(this.cursor)}` : '';
      const page = await askJson(this.path + cursor);
      const shown = this.show(page.items);
      // With the keyboard one goes on where the new ones start.
      if (this.cursor) shown[0]?.focus();
      this.cursor = page.next_cursor;
      this.more.hidden = this.cursor === null;
    } catch (trouble) {
      this.trouble.textContent = trouble.message;
      this.more.hidden = false;
    }
    this.more.disabled = false;
    this.changed();
  }
}
