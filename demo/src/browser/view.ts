/** What the page shows. Knows the document and nothing of WebRTC. */
import type { FileHeader } from '../file-transfer.ts';
import { formatBytes, formatRate } from '../format.ts';
import type { PeerStats } from '../stats.ts';

/** Lines that the chat keeps. */
const LINES = 500;

/** The element with this id. */
export function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A new element with a class and a text. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, kind = '', text = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

/** Adds a line to the chat. */
export function showChat(text: string, kind: 'mine' | 'theirs' | 'problem'): void {
  const log = element('log');
  log.append(make('li', kind, text));
  while (log.childElementCount > LINES) log.firstElementChild?.remove();
  log.scrollTop = log.scrollHeight;
}

/** Shows the state of the connection, and lets the user act only while `usable`. */
export function showState(state: string, usable: boolean): void {
  document.body.dataset['state'] = state;
  element('state').textContent = state;
  for (const control of document.querySelectorAll<HTMLInputElement | HTMLButtonElement>('main input, main button')) {
    control.disabled = !usable;
  }
}

/** Says above everything what is wrong. */
export function showProblem(text: string): void {
  const problem = element('problem');
  problem.querySelector('span')!.textContent = text;
  problem.hidden = false;
}

/** Takes it back. */
export function hideProblem(): void {
  element('problem').hidden = true;
}

/** Lists the files that can be fetched; `fetch` is called with the name of the one chosen. */
export function showFiles(files: readonly FileHeader[], fetch: (name: string) => void): void {
  element('files').replaceChildren(
    ...files.map(({ name, size }) => {
      const button = make('button', '', 'Get');
      button.type = 'button';
      button.setAttribute('aria-label', `Get ${name}`);
      button.addEventListener('click', () => fetch(name));
      const item = make('li');
      item.append(make('span', 'name', name), make('span', 'size', formatBytes(size)), button);
      return item;
    }),
  );
}

/** Fills the table of statistics: the newest of each side beside the one before, for the rates. */
export function showStats(page: readonly PeerStats[], node: readonly PeerStats[]): void {
  const rows: readonly (readonly [string, (now: PeerStats, before: PeerStats | undefined) => string])[] = [
    ['state', ({ state }) => state],
    ['path', ({ pair }) => pair.replace(' → ', '\n→ ')],
    ['round trip', ({ roundTripTime }) => roundTrip(roundTripTime)],
    ['sent', ({ bytesSent }) => formatBytes(bytesSent)],
    ['received', ({ bytesReceived }) => formatBytes(bytesReceived)],
    ['sending', (now, before) => rate(now.bytesSent, before?.bytesSent, now, before)],
    ['receiving', (now, before) => rate(now.bytesReceived, before?.bytesReceived, now, before)],
  ];
  element('stats').replaceChildren(
    ...rows.map(([title, read]) => {
      const head = make('th', '', title);
      head.scope = 'row';
      const row = make('tr');
      row.append(head);
      for (const side of [page, node]) {
        const now = side.at(-1);
        row.append(make('td', '', now === undefined ? '' : read(now, side.at(-2))));
      }
      return row;
    }),
  );
}

function roundTrip(ms: number | undefined): string {
  if (ms === undefined) return 'not told';
  // Firefox counts whole milliseconds.
  return ms === 0 ? 'below 1 ms' : `${ms.toFixed(1)} ms`;
}

function rate(bytes: number, before: number | undefined, now: PeerStats, then: PeerStats | undefined): string {
  if (before === undefined || then === undefined) return '';
  return formatRate(Math.max(0, bytes - before), now.time - then.time);
}
