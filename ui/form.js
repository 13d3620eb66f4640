// A form that talks to the lab: one request at a time, and what is wrong is said beside the fields.
//
// A field names in `data-missing` what to say when it is empty, and in `data-wrong` the codes of
// problems that are about it.

/** `send` throws what is wrong. After a success the page is left, so the form stays busy. */
export function listenTo(form, send) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    complain(form, '');
    const empty = fieldsOf(form).find((field) => field.dataset.missing && !field.value.trim());
    if (empty) {
      complain(form, empty.dataset.missing, empty);
      return;
    }
    form.ariaBusy = 'true';
    try {
      await send(form);
    } catch (trouble) {
      form.ariaBusy = 'false';
      const isAbout = (field) => field.dataset.wrong?.split(' ').includes(trouble.code);
      complain(form, trouble.message, fieldsOf(form).find(isAbout));
    }
  });
}

/** Shows a message; the field it is about gets the focus. No message takes the last one away. */
export function complain(form, message, about = null) {
  form.querySelector('.trouble').textContent = message;
  for (const field of fieldsOf(form)) field.ariaInvalid = String(field === about);
  about?.focus();
  about?.select();
}

function fieldsOf(form) {
  return [...form.querySelectorAll('input:not([type=checkbox], [hidden])')];
}
