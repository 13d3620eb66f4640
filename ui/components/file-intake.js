// Files on their way into the page: dropped, pasted or chosen.

import { say } from './share.js';

/** Whatever way files come in on this page, `add` gets them. */
export function listen({ input, isOpen, add }) {
  input.addEventListener('change', () => {
    const files = [...input.files];
    // Choosing the same file again is a change too.
    input.value = '';
    add(files);
  });
  const root = document.documentElement;
  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    // A browser would leave the page and open what nobody takes here.
    event.preventDefault();
    if (isOpen()) root.classList.add('dragging');
    else event.dataTransfer.dropEffect = 'none';
  });
  document.addEventListener('dragleave', (event) => {
    // Leaving the window has no element that is entered.
    if (event.relatedTarget === null) root.classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    root.classList.remove('dragging');
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (isOpen()) add(withoutFolders(event.dataTransfer));
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || !isOpen()) return;
    event.preventDefault();
    add(files.map(named));
  });
}

function withoutFolders(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory ?? false;
  const folders = items.filter(isFolder).length;
  if (folders > 0) say('Folders stay where they are: drop the pictures in them.');
  return items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
}

/** Every screenshot in the clipboard is called image.png; a time tells them apart. */
function named(file) {
  if (file.name !== 'image.png') return file;
  const time = new Date().toLocaleString('sv').replaceAll(':', '.');
  return new File([file], `Pasted ${time}.png`, { type: file.type });
}
