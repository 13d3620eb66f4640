// A second question before what cannot be undone: the first button gives way to it.

/** The buttons are `data-do`: `what`, and behind it `keep` and whatever does it. */
export function askSure(within, what, isAsking) {
  const hadFocus = within.contains(document.activeElement);
  const first = within.querySelector(`[data-do=${what}]`);
  first.hidden = isAsking;
  within.querySelector('.sure').hidden = !isAsking;
  if (hadFocus) (isAsking ? within.querySelector('[data-do=keep]') : first).focus();
}
