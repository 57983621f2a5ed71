import { Deque } from '@kaon/wire';
import type { TurnServerEvent } from './events.ts';

/** Events that wait for `pollEvent`. Orders are bounded by what they are about; news is dropped when too much waits. */
export class EventQueue {
  readonly #events: Deque<TurnServerEvent> = new Deque<TurnServerEvent>();

  /** Something that the driver must do. */
  order(event: TurnServerEvent): void {
    this.#events.push(event);
  }

  /** Something worth knowing. */
  tell(event: TurnServerEvent): void {
    if (this.#events.length < MAX_NEWS) this.#events.push(event);
  }

  poll(): TurnServerEvent | undefined {
    return this.#events.shift();
  }
}

const MAX_NEWS = 1024;
