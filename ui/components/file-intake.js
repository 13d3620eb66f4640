// Where files come into the page: chosen, dropped anywhere on it, or pasted.

import { html } from '../html.js';
import { toast } from '../toast.js';
import { useEffect, useRef } from '../vendor/hooks.js';

/** @typedef {{ isOpen: boolean, add: (files: File[]) => void }} Intake */

/**
 * Stays in the page when it is closed, to keep dropped files from leading the browser away.
 * @param {Intake & { accept: string, isTall?: boolean, children?: any }} props
 */
export function FileIntake({ isOpen, add, accept, isTall = false, children }) {
  // Listeners live as long as the page, and know what it said last.
  const intake = useRef({ isOpen, add });
  intake.current = { isOpen, add };
  useEffect(() => listen(intake), []);
  const choose = (/** @type {any} */ event) => {
    const files = [...event.currentTarget.files];
    // Choosing the same file again is a change too.
    event.currentTarget.value = '';
    add(files);
  };
  return html`
    <label id="drop" class=${isTall ? 'drop tall' : 'drop'} hidden=${!isOpen}>
      <input id="files" type="file" multiple class="unseen" accept=${accept} onChange=${choose} />
      <svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
        <path d="M24 31V9m-9 9 9-9 9 9M8 31v6a3 3 0 0 0 3 3h26a3 3 0 0 0 3-3v-6" />
      </svg>
      ${children}
    </label>
  `;
}

/**
 * What it returns ends the listening.
 * @param {{ current: Intake }} intake
 */
function listen(intake) {
  const end = new AbortController();
  const { signal } = end;
  const root = document.documentElement;
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    // A browser would leave the page and open what nobody takes here.
    event.preventDefault();
    if (intake.current.isOpen) root.classList.add('dragging');
    else if (event.dataTransfer) event.dataTransfer.dropEffect = 'none';
  }, { signal });
  document.addEventListener('dragleave', (event) => {
    // Leaving the window has no element that is entered.
    if (event.relatedTarget === null) root.classList.remove('dragging');
  }, { signal });
  document.addEventListener('drop', (event) => {
    root.classList.remove('dragging');
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (intake.current.isOpen && event.dataTransfer) intake.current.add(withoutFolders(event.dataTransfer));
  }, { signal });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || !intake.current.isOpen) return;
    event.preventDefault();
    intake.current.add(files.map(named));
  }, { signal });
  return () => end.abort();
}

/** @param {DragEvent} event */
function carriesFiles(event) {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

/** @param {DataTransfer} transfer */
function withoutFolders(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const isFolder = (/** @type {DataTransferItem} */ item) => item.webkitGetAsEntry?.()?.isDirectory ?? false;
  if (items.some(isFolder)) toast('Folders stay where they are: drop the pictures in them.');
  const files = items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
  return files.filter((file) => file !== null);
}

/**
 * Every screenshot in the clipboard is called image.png; a time tells them apart.
 * @param {File} file
 */
function named(file) {
  if (file.name !== 'image.png') return file;
  const time = new Date().toLocaleString('sv').replaceAll(':', '.');
  return new File([file], `Pasted ${time}.png`, { type: file.type });
}
