/** Relay sockets by their local address: what tells a peer's datagram from a client's. */
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { Relay } from './allocation.ts';

/** The table: by port, then by address. */
export class Relays {
  readonly #byPort = new Map<number, Relay>();

  find(local: TransportAddress, protocol: 'udp' | 'tcp'): Relay | undefined {
    let relay = this.#byPort.get(local.port);
    while (
      relay !== undefined &&
      (relay.protocol !== protocol || (relay.local !== local && relay.local.address !== local.address))
    ) {
      relay = relay.next;
    }
    return relay;
  }

  add(relay: Relay): void {
    const { port } = relay.local;
    relay.next = this.#byPort.get(port);
    this.#byPort.set(port, relay);
  }

  remove(relay: Relay): void {
    const { port } = relay.local;
    const first = this.#byPort.get(port);
    if (first === undefined) return;
    if (first !== relay) {
      let before: Relay = first;
      while (before.next !== undefined && before.next !== relay) before = before.next;
      if (before.next === relay) before.next = relay.next;
    } else if (relay.next !== undefined) {
      this.#byPort.set(port, relay.next);
    } else {
      this.#byPort.delete(port);
    }
  }
}
