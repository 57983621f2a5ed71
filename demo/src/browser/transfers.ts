/** The list of transfers: each with its progress, a button to cancel it, and how it ended. */
import type { FileResult } from '../file-transfer.ts';
import { formatBytes, formatRate, messageOf } from '../format.ts';
import { element, make } from './view.ts';

/** One row of the list. */
export class TransferView {
  /** Aborted when the user cancels, and with the connection. */
  readonly signal: AbortSignal;
  readonly #canceller = new AbortController();
  readonly #item = make('li');
  readonly #title: HTMLSpanElement;
  readonly #bar = make('progress');
  readonly #detail = make('span', 'detail');
  readonly #button = make('button', '', 'Cancel');
  readonly #verb: string;
  readonly #start = performance.now();

  /** `verb` says which way it goes: `Sending`. `over` is aborted with the connection. */
  constructor(verb: string, name: string, over: AbortSignal) {
    this.#verb = verb;
    this.signal = AbortSignal.any([this.#canceller.signal, over]);
    this.#title = make('span', 'name', `${verb} ${name}`);
    this.#button.type = 'button';
    this.#button.addEventListener('click', () => this.#canceller.abort(new Error('cancelled')));
    const row = make('div', 'row');
    row.append(this.#title, this.#button);
    this.#item.append(row, this.#bar, this.#detail);
    element('transfers').prepend(this.#item);
    element('transfers-title').hidden = false;
  }

  update(received: number, name: string, size: number): void {
    this.#title.textContent = `${this.#verb} ${name}`;
    this.#bar.max = Math.max(1, size);
    this.#bar.value = received;
    const speed = formatRate(received, performance.now() - this.#start);
    this.#detail.textContent = `${formatBytes(received)} of ${formatBytes(size)}, ${speed}`;
  }

  /** The hash was the same on both sides. */
  done(verb: string, { name, size, sha256, duration }: FileResult): void {
    this.#end('done', `${verb} ${name}`);
    this.#detail.textContent = `${formatBytes(size)} at ${formatRate(size, duration)}, hash verified`;
    this.#detail.append(make('span', 'hash', `sha256 ${sha256}`));
  }

  failed(error: unknown): void {
    this.#end('failed', this.#title.textContent ?? '');
    this.#detail.textContent = messageOf(error);
  }

  #end(kind: string, title: string): void {
    this.#item.className = kind;
    this.#title.textContent = title;
    this.#bar.remove();
    this.#button.remove();
  }
}
