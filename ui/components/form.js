// A form that talks to the lab: one request at a time, and what is wrong is said beside the fields.
//
// What is typed stays in the fields themselves; `FormState` knows what may be wrong with each.

import { ApiError, apiError } from '../api.js';
import { sentence } from '../format.js';
import { html } from '../html.js';
import { createRef } from '../vendor/preact.js';
import { useLayoutEffect, useMemo, useRef } from '../vendor/hooks.js';
import { signal } from '../vendor/signals.js';

/**
 * @typedef {object} Rules
 * @property {string} label
 * @property {string} [missing] What to say when it is empty.
 * @property {string} [garbled] What to say when it is not what its type, `min`, `max` and `step` ask for.
 * @property {string} [wrong] The codes of problems, or the members of what is sent, that are about it.
 */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */
/** @typedef {(data: FormData) => Promise<void>} Send Throws what is wrong. */

/** Where what is about no field is said. */
export const FORM = '';

class FormState {
  /** @param {Send} send */
  constructor(send) {
    this.send = send;
    this.element = createRef();
    /** @type {Map<string, Rules>} */
    this.rules = new Map();
    this.isBusy = signal(false);
    /** By the id of the field. */
    this.mistakes = signal(/** @type {Record<string, string>} */ ({}));
  }

  /** After a success the form stays busy, until `ready` is called. */
  async submit() {
    if (this.isBusy.value) return;
    this.complain({});
    const unready = this.controls().find((control) => this.lack(control));
    if (unready) {
      this.complain({ [unready.id]: this.lack(unready) });
      return;
    }
    this.isBusy.value = true;
    try {
      await this.send(new FormData(this.element.current));
    } catch (caught) {
      this.ready();
      this.explain(apiError(caught));
    }
  }

  /** Takes the next request. */
  ready() {
    this.isBusy.value = false;
  }

  /**
   * Shows what is wrong; the first field of it gets the focus.
   * @param {Record<string, string>} mistakes
   */
  complain(mistakes) {
    this.mistakes.value = mistakes;
    const first = this.controls().find((control) => mistakes[control.id]);
    // What is wrong is not left in a fold.
    first?.closest('details')?.setAttribute('open', '');
    first?.focus();
    if (first instanceof HTMLInputElement) first.select();
  }

  /**
   * Each mistake is said at its field; what is about no field with the first of them, or above the button.
   * @param {ApiError} error
   */
  explain(error) {
    const about = this.controls().filter((control) => this.isAbout(error, control));
    const problemsOf = (/** @type {Control} */ control) =>
      error.problems.filter((problem) => this.namesOf(control).includes(problem.field));
    const [first, ...others] = about;
    const elsewhere = new Set(others.flatMap(problemsOf));
    const own = new Set(first ? problemsOf(first) : []);
    const rest = error.problems.filter((problem) => own.has(problem) || !elsewhere.has(problem));
    /** @type {Record<string, string>} */
    const mistakes = { [first?.id ?? FORM]: rest.length > 0 ? this.said(rest) : error.message };
    for (const control of others) mistakes[control.id] = this.said(problemsOf(control)) || error.message;
    this.complain(mistakes);
  }

  /**
   * What a field lacks to be sent; nothing when all is well.
   * @param {Control} control
   */
  lack(control) {
    const { missing = '', garbled = missing } = this.rules.get(control.id) ?? {};
    if (!control.validity.valid) return garbled;
    return control.value.trim() ? '' : missing;
  }

  /** @param {Control} control */
  namesOf(control) {
    return this.rules.get(control.id)?.wrong?.split(' ') ?? [];
  }

  /**
   * @param {ApiError} error
   * @param {Control} control
   */
  isAbout(error, control) {
    const names = this.namesOf(control);
    return names.includes(error.code) || error.problems.some((problem) => names.includes(problem.field));
  }

  /**
   * The lab speaks of members; people know them by what stands beside the fields.
   * @param {{ field: string, detail: string }[]} problems
   */
  said(problems) {
    const label = (/** @type {string} */ member) => {
      const rules = [...this.rules.values()].find((one) => one.wrong?.split(' ').includes(member));
      return rules?.label ?? member;
    };
    return problems.map((one) => sentence(`${label(one.field)}: ${one.detail}`)).join(' ');
  }

  /** @returns {Control[]} The fields that are there now, in their order. */
  controls() {
    const elements = /** @type {HTMLFormElement | null} */ (this.element.current)?.elements ?? [];
    return /** @type {Control[]} */ ([...elements].filter((element) => this.rules.has(element.id)));
  }
}

/**
 * The state of a form; `send` is the one that was rendered last.
 * @param {Send} send
 */
export function useForm(send) {
  const form = useMemo(() => new FormState(send), []);
  form.send = send;
  return form;
}

/**
 * `attributes` go to the form's element.
 * @param {{ form: FormState, children?: any } & Record<string, any>} props
 */
export function Form({ form, children, ...attributes }) {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    document.addEventListener('mousedown', steady, { once: true });
    form.submit();
  };
  // A form is never sent by the browser itself; if it were, then not in the address.
  return html`
    <form method="post" novalidate ref=${form.element} onSubmit=${submit} aria-busy=${form.isBusy.value} ...${attributes}>
      ${children}
    </form>
  `;
}

/**
 * The second press of a double click may hit what has moved there since: it does not take the focus along.
 * @param {MouseEvent} event
 */
function steady(event) {
  if (event.detail > 1) event.preventDefault();
}

/**
 * A field with its label, and what is wrong with it. `attributes` go to its control, an `input` or a `select`.
 * @param {{ form: FormState, id: string, hint?: string, as?: string, children?: any } & Rules & Record<string, any>} props
 */
export function Field({ form, id, hint, as = 'input', label, missing, garbled, wrong, children, ...attributes }) {
  useLayoutEffect(() => {
    form.rules.set(id, { label, missing, garbled, wrong });
    return () => { form.rules.delete(id); };
  }, [label, missing, garbled, wrong]);
  const mistake = form.mistakes.value[id] ?? '';
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <${as} id=${id} name=${id} aria-invalid=${mistake !== ''}
        aria-describedby=${`${id}-mistake${hint ? ` ${id}-hint` : ''}`} ...${attributes}>${children}<//>
      <p id=${`${id}-mistake`} class="trouble" role="alert">${mistake}</p>
      ${hint && html`<p id=${`${id}-hint`} class="hint">${hint}</p>`}
    </div>
  `;
}

/**
 * What is wrong with the whole, and the button.
 * @param {{ form: FormState, children?: any }} props
 */
export function Submit({ form, children }) {
  const isBusy = form.isBusy.value;
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  // A disabled button loses the focus.
  useLayoutEffect(() => {
    if (isBusy) return () => { if (document.activeElement === document.body) button.current?.focus(); };
    return undefined;
  }, [isBusy]);
  // The second half of a double click is not meant, however fast the first one was answered.
  const once = (/** @type {MouseEvent} */ event) => {
    if (event.detail > 1) event.preventDefault();
  };
  return html`
    <p class="trouble" role="alert">${form.mistakes.value[FORM] ?? ''}</p>
    <button type="submit" class="main" disabled=${isBusy} onClick=${once} ref=${button}>${children}</button>
  `;
}
