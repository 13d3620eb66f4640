// The way between the pages behind the door. A page joins it by a line in `inside-pages.js`.

import { html } from '../html.js';
import { INSIDE_PAGES } from '../inside-pages.js';

export function Navigation() {
  const pages = INSIDE_PAGES.filter((page) => page.isFor());
  // A way that leads only here is none.
  if (pages.every((page) => page.path === location.pathname)) return null;
  return html`
    <nav class="pages" aria-label="Pages">
      <ul role="list">
        ${pages.map((page) => html`<li key=${page.path}>
          <a href=${page.path} aria-current=${page.path === location.pathname ? 'page' : null}>${page.name}</a>
        </li>`)}
      </ul>
    </nav>
  `;
}
