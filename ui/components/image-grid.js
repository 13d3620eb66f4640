// The grid of pictures: newest first, the next ones when they are asked for.

import { useWishedFocus } from '../focus.js';
import { html } from '../html.js';
import { ImageCard } from './image-card.js';
import { ShowMore } from './show-more.js';

/** @import { Library } from '../library.js' */
/** @import { Act } from './image-card.js' */

/**
 * `isOwn` is for one's own library; `empty` is what to say where there is nothing.
 * @param {{ library: Library, act: Act, isOwn?: boolean, empty: string }} props
 */
export function ImageGrid({ library, act, isOwn = false, empty }) {
  const cards = library.cards.value;
  useWishedFocus(library.focus);
  return html`
    <ul id="cards" class="cards" role="list">
      ${cards.map((card) => html`<${ImageCard} key=${card.number} card=${card} act=${act} isOwn=${isOwn} />`)}
    </ul>
    ${empty && cards.length === 0 && library.list.isLoaded.value && html`<p id="empty" class="lone">${empty}</p>`}
    <${ShowMore} list=${library.list} />
  `;
}
