// The way between the pages behind the door. A page joins it by a line in `inside-pages.js`.

import { html } from '../html.js';
import { INSIDE_PAGES } from '../inside-pages.js';

export function Navigation() {
  return html`
    <nav class="pages" aria-label="Pages">
      <ul role="list">
        ${INSIDE_PAGES.filter((page) => page.isFor()).map((page) => html`<li key=${page.path}>
          <a href=${page.path} aria-current=${page.path === location.pathname ? 'page' : null}>${page.name}</a>
        </li>`)}
      </ul>
    </nav>
  `;
}
