import type { Clock } from '@kaon/interface/network/v1';

/** What the flag depends on. */
export interface NegotiationNeededHost {
  readonly clock: Clock;
  readonly closed: boolean;
  readonly stable: boolean;
  readonly chainIsEmpty: boolean;
  /** Whether something waits that only an offer can bring. */
  readonly needed: boolean;
  fire(): void;
}

/** The negotiation-needed flag and its event (W3C WebRTC §4.7.3). */
export class NegotiationNeeded {
  readonly #host: NegotiationNeededHost;
  #flag = false;
  #onEmptyChain = false;

  constructor(host: NegotiationNeededHost) {
    this.#host = host;
  }

  /** Something changed that may need an offer; the event comes in a turn of its own, when no operation runs. */
  update(): void {
    if (!this.#host.chainIsEmpty) {
      this.#onEmptyChain = true;
      return;
    }
    this.#host.clock.defer(() => this.#check());
  }

  /** Offer and answer are through: what is still needed is asked for anew. */
  settled(): void {
    this.#flag = false;
    this.update();
  }

  /** The last operation is through. */
  chainEmptied(): void {
    if (!this.#onEmptyChain) return;
    this.#onEmptyChain = false;
    this.update();
  }

  #check(): void {
    const { closed, chainIsEmpty, stable, needed } = this.#host;
    if (closed) return;
    if (!chainIsEmpty) {
      this.#onEmptyChain = true;
      return;
    }
    if (!stable) return;
    if (!needed) this.#flag = false;
    else if (!this.#flag) {
      this.#flag = true;
      this.#host.fire();
    }
  }
}
