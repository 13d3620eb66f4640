// A form that talks to the lab: one request at a time, and what is wrong is said beside the fields.
//
// A field names in `data-missing` what to say when it is empty, in `data-garbled` what to say when
// it is not what its type, `min`, `max` and `step` ask for, and in `data-wrong` the codes of
// problems, or the members of what is sent, that are about it.

import { sentence } from './words.js';

const FIELDS = 'input:not([type=checkbox]), select';

/** `send` throws what is wrong. After a success the form stays busy, until `ready` is called. */
export function listenTo(form, send) {
  // The second half of a double click is not meant, however fast the first one was answered.
  form.querySelector('[type=submit]').addEventListener('click', (event) => {
    if (event.detail > 1) event.preventDefault();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    complain(form, '');
    const unready = fieldsOf(form).find((field) => lack(field));
    if (unready) {
      complain(form, lack(unready), unready);
      return;
    }
    setBusy(form, true);
    try {
      await send(form);
    } catch (trouble) {
      ready(form);
      explain(form, trouble);
    }
  });
}

/** Takes the next request. */
export function ready(form) {
  setBusy(form, false);
}

/** Each mistake stands behind its field. What is about no field stands with the first one. */
function explain(form, trouble) {
  const about = fieldsOf(form).filter((field) => isAbout(trouble, field));
  const [first, ...others] = about;
  const of = (field) => (trouble.problems ?? []).filter((one) => wrongOf(field).includes(one.field));
  const elsewhere = new Set(others.flatMap(of));
  const problems = trouble.problems?.filter((one) => !elsewhere.has(one) || of(first).includes(one));
  complain(form, said(form, { message: trouble.message, problems }), ...about);
  for (const field of others) {
    const beside = document.createElement('p');
    beside.className = 'trouble';
    beside.dataset.beside = '';
    beside.role = 'alert';
    beside.textContent = said(form, { problems: of(field) });
    field.after(beside);
  }
}

/** Shows a message; the first field it is about gets the focus. None takes the last one away. */
export function complain(form, message, ...about) {
  for (const beside of form.querySelectorAll('[data-beside]')) beside.remove();
  const trouble = form.querySelector('.trouble');
  // Behind the first field it is about, or else above the button.
  if (about[0]) about[0].after(trouble);
  else form.querySelector('[type=submit]').before(trouble);
  trouble.textContent = message;
  // Also those that went out of sight since.
  for (const field of form.querySelectorAll(FIELDS)) {
    field.ariaInvalid = String(about.includes(field));
  }
  const folds = form.querySelectorAll('details:has([aria-invalid=true])');
  for (const fold of folds) fold.open = true;
  about[0]?.focus();
  about[0]?.select?.();
}

function setBusy(form, isBusy) {
  const button = form.querySelector('[type=submit]');
  form.ariaBusy = String(isBusy);
  button.disabled = isBusy;
  // A disabled button loses the focus.
  if (!isBusy && document.activeElement === document.body) button.focus();
}

/** What a field lacks to be sent; nothing when all is well. */
function lack(field) {
  const { missing = '', garbled = missing } = field.dataset;
  if (!field.validity.valid) return garbled;
  return field.value.trim() ? '' : missing;
}

function wrongOf(field) {
  return field.dataset.wrong?.split(' ') ?? [];
}

function isAbout(trouble, field) {
  const names = wrongOf(field);
  return names.includes(trouble.code) || trouble.problems?.some((one) => names.includes(one.field));
}

/** The lab speaks of members; people know them by what stands beside the fields. */
function said(form, trouble) {
  if (!trouble.problems?.length) return trouble.message;
  const name = (member) => {
    const field = fieldsOf(form).find((one) => wrongOf(one).includes(member));
    return field?.labels[0]?.textContent ?? member;
  };
  return trouble.problems.map((one) => sentence(`${name(one.field)}: ${one.detail}`)).join(' ');
}

function fieldsOf(form) {
  return [...form.querySelectorAll(FIELDS)].filter((field) => !field.closest('[hidden]'));
}
