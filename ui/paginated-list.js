// A list that the lab hands out page by page.

import { apiError, askJson } from './api.js';
import { signal } from './vendor/signals.js';

/** @template T */
export class PaginatedList {
  /**
   * `path` has a query already. `add` gets the items of a page, and whether there were others before.
   * @param {string} path
   * @param {(items: T[], isLater: boolean) => void} add
   */
  constructor(path, add) {
    this.path = path;
    this.add = add;
    this.isLoading = signal(false);
    this.isLoaded = signal(false);
    this.hasMore = signal(false);
    /** Why the last attempt failed. */
    this.error = signal('');
    /** @type {string | null} */
    this.cursor = null;
  }

  async load() {
    if (this.isLoading.value) return;
    this.isLoading.value = true;
    this.error.value = '';
    try {
      const cursor = this.cursor ? `&cursor=${encodeURIComponent(this.cursor)}` : '';
      const page = await askJson(this.path + cursor);
      this.add(page.items, this.cursor !== null);
      this.cursor = page.next_cursor ?? null;
      this.hasMore.value = this.cursor !== null;
      this.isLoaded.value = true;
    } catch (caught) {
      this.error.value = apiError(caught).message;
      this.hasMore.value = true;
    } finally {
      this.isLoading.value = false;
    }
  }
}
