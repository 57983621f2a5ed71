import type { TransportAddress } from '@kaon/interface/core/v1';

/** One address for each family that there is. */
interface PerFamily {
  readonly IPv4?: string | undefined;
  readonly IPv6?: string | undefined;
}

/**
 * Behind 1:1 NAT two relays of one machine know each other by external addresses, and few NATs send back what comes from inside.
 * So such datagrams stay on the machine: they are sent to the local address, and what comes from a relay there is seen as from
 * the external one, by the relays of other workers too.
 */
export class Hairpin {
  readonly #local: PerFamily;
  readonly #external: PerFamily;
  readonly #ports: readonly [min: number, max: number];
  /** Channels and permissions have one object for each peer, so that this is a look-up and not an object for each datagram. */
  readonly #outbound = new WeakMap<TransportAddress, TransportAddress>();

  constructor(local: PerFamily, external: PerFamily, ports: readonly [min: number, max: number]) {
    this.#local = local;
    this.#external = external;
    this.#ports = ports;
  }

  /** Where a datagram for a peer is to be sent. */
  outbound(peer: TransportAddress): TransportAddress {
    const local = this.#local[peer.family];
    if (local === undefined || peer.address !== this.#external[peer.family] || !this.#isRelay(peer.port)) return peer;
    const known = this.#outbound.get(peer);
    if (known !== undefined) return known;
    const address: TransportAddress = { address: local, family: peer.family, port: peer.port };
    this.#outbound.set(peer, address);
    return address;
  }

  /** Which peer a datagram is from. */
  inbound(remote: TransportAddress): TransportAddress {
    const { address, family, port } = remote;
    const external = this.#external[family];
    if (external === undefined || address !== this.#local[family] || !this.#isRelay(port)) return remote;
    return { address: external, family, port };
  }

  #isRelay(port: number): boolean {
    return port >= this.#ports[0] && port <= this.#ports[1];
  }
}
