// The form that makes an upload link.

import { ALL } from './allowance.js';
import { askJson } from './api.js';
import { complain, listenTo, ready } from './form.js';
import { format } from './words.js';

const MIB = 1024 * 1024;
const DAY_SECS = 86_400;
/** The choice that has a field of its own. */
const OWN = 'own';

const at = (id) => document.getElementById(id);
const form = at('inviting');

/** `made` gets each new link, with its address: the lab tells that this one time. */
export function invite(made) {
  for (const name of ALL) at('formats').append(checkbox(name));
  for (const [choice, field] of [['lasts', 'ends'], ['goes', 'days']]) {
    const show = () => reveal(at(field), at(choice).value === OWN);
    at(choice).addEventListener('change', show);
    form.addEventListener('reset', () => queueMicrotask(show));
    show();
  }
  listenTo(form, async () => {
    const link = await askJson('/api/v1/upload-links', { method: 'POST', json: wanted() });
    ready(form);
    form.reset();
    made(link);
  });
}

function checkbox(name) {
  const label = document.createElement('label');
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', value: name });
  label.className = 'check';
  label.append(box, ` ${format(name)}`);
  return label;
}

function reveal(field, isWanted) {
  field.closest('[data-own]').hidden = !isWanted;
  if (isWanted && field.type === 'datetime-local' && !field.value) field.value = nextWeek();
}

/** A start that is easy to change: in a week, at six in the evening, by the clock on the wall. */
function nextWeek(now = new Date()) {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 7);
  const two = (value) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T18:00`;
}

/** What the form says, as the lab wants it. What is left out has no limit. */
function wanted() {
  const formats = [...at('formats').querySelectorAll(':checked')].map((box) => box.value);
  return {
    label: at('label').value.trim(),
    ...end(),
    ...(at('pictures').value && { max_images: Number(at('pictures').value) }),
    ...(at('size').value && { max_bytes: Math.round(Number(at('size').value) * MIB) }),
    ...(formats.length > 0 && { formats }),
    ...fate(),
  };
}

function end() {
  if (at('lasts').value !== OWN) return { expires_in: Number(at('lasts').value) };
  return { expires_at: new Date(at('ends').value).toISOString() };
}

function fate() {
  const goes = at('goes').value;
  if (goes === OWN) return { delete_after: Number(at('days').value) * DAY_SECS };
  return goes ? { delete_after: goes } : {};
}
