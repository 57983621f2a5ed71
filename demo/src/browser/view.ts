/** What the page shows. Knows the document and nothing of WebRTC. */
import type { PeerStats } from '../protocol.ts';

/** The element with this id. */
export function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Adds a line to the chat. */
export function showChat(text: string, mine: boolean): void {
  const line = document.createElement('li');
  line.textContent = text;
  line.className = mine ? 'mine' : 'theirs';
  element('log').append(line);
  line.scrollIntoView({ block: 'nearest' });
}

/** Lists the files that can be fetched; `fetch` is called with the name of the one chosen. */
export function showFiles(files: readonly { name: string; size: number }[], fetch: (name: string) => void): void {
  element('files').replaceChildren(
    ...files.map(({ name, size }) => {
      const button = document.createElement('button');
      button.textContent = `Get ${name} (${megabytes(size)})`;
      button.addEventListener('click', () => fetch(name));
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
}

/** A progress bar for one transfer. */
export class TransferView {
  readonly #bar = document.createElement('progress');
  readonly #label = document.createElement('span');
  readonly #item = document.createElement('li');
  readonly #start = performance.now();

  constructor(title: string) {
    this.#label.textContent = title;
    this.#item.append(this.#label, this.#bar);
    element('transfers').prepend(this.#item);
  }

  update(received: number, name: string, size: number): void {
    this.#bar.max = Math.max(1, size);
    this.#bar.value = received;
    const rate = received / 1e3 / Math.max(1, performance.now() - this.#start);
    this.#label.textContent = `${name}: ${megabytes(received)} of ${megabytes(size)}, ${rate.toFixed(1)} MB/s`;
  }

  done(text: string): void {
    this.#label.textContent = text;
    this.#item.dataset['done'] = 'true';
  }
}

/** Offers received bytes to the user as a download. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Fills the table of statistics. */
export function showStats(page: PeerStats | undefined, node: PeerStats | undefined): void {
  const rows: readonly (readonly [string, (stats: PeerStats) => string])[] = [
    ['state', ({ state }) => state],
    ['path', ({ pair }) => pair],
    ['round trip', ({ roundTripTime }) => (roundTripTime === undefined ? '' : `${roundTripTime.toFixed(1)} ms`)],
    ['sent', ({ bytesSent }) => megabytes(bytesSent)],
    ['received', ({ bytesReceived }) => megabytes(bytesReceived)],
  ];
  element('stats').replaceChildren(
    ...rows.map(([title, read]) => {
      const row = document.createElement('tr');
      const head = document.createElement('th');
      head.scope = 'row';
      head.textContent = title;
      row.append(head);
      for (const stats of [page, node]) {
        const cell = document.createElement('td');
        cell.textContent = stats === undefined ? '' : read(stats);
        row.append(cell);
      }
      return row;
    }),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;
}
