// The pages behind the door: the navigation shows them, and only to them signing in leads back.

import { mayInvite } from './session.js';

/** In the order of the navigation; `isFor` tells whether the visitor has a use for it. */
export const INSIDE_PAGES = [
  { path: '/', name: 'Pictures', isFor: () => true },
  { path: '/upload-links', name: 'Upload links', isFor: mayInvite },
];

/**
 * Whether an address is one of them, with or without a query.
 * @param {string} address
 */
export function isInside(address) {
  const [path] = address.split('?');
  return !/[\s#]/.test(address) && INSIDE_PAGES.some((page) => page.path === path);
}
