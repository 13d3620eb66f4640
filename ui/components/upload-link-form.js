// The form that makes an upload link.

import { ALL, going } from '../allowance.js';
import { askJson } from '../api.js';
import { formatName } from '../format.js';
import { html } from '../html.js';
import { me } from '../session.js';
import { useSignal } from '../vendor/signals.js';
import { Field, Form, Submit, useForm } from './form.js';

/** @import { NewUploadLink, NewUploadLinkAnswer } from '../api.js' */

const MIB = 1024 * 1024;
const DAY_SECS = 86_400;
/** The choice that has a field of its own. */
const OWN = 'own';
const LASTS = [
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
  [OWN, 'Until a day and a time …'],
];
const USUAL = '604800';
const GOES = [
  ['', 'Never by themselves'],
  ['download', 'After the first download'],
  [OWN, 'After some days …'],
];

/**
 * `made` gets each new link, with its address: the lab tells that this one time.
 * @param {{ made: (link: NewUploadLinkAnswer) => void }} props
 */
export function UploadLinkForm({ made }) {
  const hasOwnEnd = useSignal(false);
  const hasOwnDays = useSignal(false);
  const form = useForm(async (data) => {
    const link = await askJson('/api/v1/upload-links', { method: 'POST', json: wanted(data) });
    form.ready();
    form.element.current.reset();
    made(link);
  });
  const reset = () => {
    hasOwnEnd.value = false;
    hasOwnDays.value = false;
  };
  return html`
    <${Form} form=${form} id="inviting" class="order" autocomplete="off" aria-labelledby="inviting-title" onReset=${reset}>
      <h2 id="inviting-title">Make a link</h2>
      <${Field} form=${form} id="label" label="What it is for" hint="Whoever has the link reads this."
        type="text" maxlength="200" wrong="label" />
      <${Choice} form=${form} id="lasts" label="How long it is open" wrong="expires_in" among=${LASTS} usual=${USUAL}
        hasOwn=${hasOwnEnd} />
      ${hasOwnEnd.value && html`<${Field} form=${form} id="ends" label="Its end" type="datetime-local"
        defaultValue=${nextWeek()} missing="Choose the day and the time when it ends." wrong="expires_at" />`}
      <${Terms} form=${form} hasOwnDays=${hasOwnDays} />
      <${Submit} form=${form}>Make link<//>
    <//>
  `;
}

/** @param {{ form: ReturnType<typeof useForm>, hasOwnDays: { value: boolean } }} props */
function Terms({ form, hasOwnDays }) {
  const after = me.value?.keeping.delete_after;
  return html`
    <details>
      <summary>Limits, formats, deleting</summary>
      <div class="pair">
        <${Field} form=${form} id="pictures" label="Most pictures" type="number" min="1" max="1000000000"
          inputmode="numeric" placeholder="No limit" wrong="max_images"
          garbled="Most pictures: type a whole number from 1 on, or nothing." />
        <${Field} form=${form} id="size" label="Most MiB in all" type="number" min="0.01" max="1000000000" step="any"
          inputmode="decimal" placeholder="No limit" wrong="max_bytes"
          garbled="Most MiB in all: type a number above 0, or nothing." />
      </div>
      <fieldset>
        <legend>Formats</legend>
        <div id="formats" class="formats">
          ${ALL.map((name) => html`<label class="check" key=${name}>
            <input type="checkbox" name="formats" value=${name} /> ${formatName(name)}
          </label>`)}
        </div>
        <p class="hint">None chosen: all are taken.</p>
      </fieldset>
      <${Choice} form=${form} id="goes" label="Pictures are deleted" wrong="delete_after" among=${GOES} usual=""
        hasOwn=${hasOwnDays} />
      ${hasOwnDays.value && html`<${Field} form=${form} id="days" label="Days" type="number" min="1" max="3650"
        defaultValue="30" inputmode="numeric" missing="Days: type a number from 1 to 3650." wrong="delete_after" />`}
      ${after != null && html`<p class="hint">Your tier deletes each ${going(after)}.</p>`}
    </details>
  `;
}

/**
 * A choice among some; `hasOwn` is true while it is the one with a field of its own.
 * @param {{ among: string[][], usual: string, hasOwn: { value: boolean } } & Record<string, any>} props
 */
function Choice({ among, usual, hasOwn, ...field }) {
  const choose = (/** @type {any} */ event) => { hasOwn.value = event.currentTarget.value === OWN; };
  return html`
    <${Field} as="select" onChange=${choose} ...${field}>
      ${among.map(([value, words]) => html`
        <option key=${value} value=${value} defaultSelected=${value === usual}>${words}</option>`)}
    <//>
  `;
}

/** A start that is easy to change: in a week, at six in the evening, by the clock on the wall. */
function nextWeek(now = new Date()) {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 7);
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T18:00`;
}

/**
 * What the form says, as the lab wants it. What is left out has no limit.
 * @param {FormData} data
 * @returns {NewUploadLink}
 */
function wanted(data) {
  const text = (/** @type {string} */ name) => String(data.get(name) ?? '').trim();
  const formats = /** @type {typeof ALL} */ (data.getAll('formats'));
  const end = text('lasts') === OWN
    ? { expires_at: new Date(text('ends')).toISOString() }
    : { expires_in: Number(text('lasts')) };
  return {
    label: text('label'),
    ...end,
    ...(text('pictures') && { max_images: Number(text('pictures')) }),
    ...(text('size') && { max_bytes: Math.round(Number(text('size')) * MIB) }),
    ...(formats.length > 0 && { formats }),
    ...(text('goes') === OWN && { delete_after: Number(text('days')) * DAY_SECS }),
    ...(text('goes') === 'download' && { delete_after: /** @type {const} */ ('download') }),
  };
}
