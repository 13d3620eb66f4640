// The end of a list: more of it, or why there is none.

import { html } from '../html.js';

/** @import { PaginatedList } from '../paginated-list.js' */

/** @param {{ list: PaginatedList<any> }} props */
export function ShowMore({ list }) {
  const hasError = list.error.value !== '';
  return html`
    ${list.isLoading.value && !list.isLoaded.value && html`<p class="lone slow" role="status">Asking the lab …</p>`}
    <p id="list-trouble" class="trouble" role="alert">${list.error.value}</p>
    ${list.hasMore.value && html`
      <p class="centred">
        <button type="button" id="more" aria-disabled=${list.isLoading.value} onClick=${() => list.load()}>
          ${hasError ? 'Try again' : 'Show more'}
        </button>
      </p>`}
  `;
}
