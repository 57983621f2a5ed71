import { canonicalOrNone, isMulticast } from './addresses.ts';
import type { Packet } from './link.ts';

/** Takes packets that leave a network. */
export interface Uplink {
  forward(packet: Packet): void;
  /** Tells the outer network that this address is reached through us. */
  announce(address: string): void;
}

/** A network: knows which address is where, and sends everything else to its uplink. */
export class Router {
  readonly name: string;
  /** The way out, such as a NAT. Without one, packets to unknown addresses are dropped. */
  uplink: Uplink | undefined = undefined;
  /** Asked for every packet that enters: false drops it. A firewall, or a tap. */
  filter: ((packet: Packet) => boolean) | undefined = undefined;
  /** Packets that had nowhere to go, were filtered or went in circles. */
  dropped = 0;
  readonly #routes = new Map<string, (packet: Packet) => void>();
  readonly #groups = new Map<string, Map<object, (packet: Packet) => void>>();

  constructor(name: string) {
    this.name = name;
  }

  /** Adds an address. Throws Error when it is taken already, RangeError when it is not an address. */
  attach(address: string, deliver: (packet: Packet) => void): void {
    const key = keyOf(address);
    if (this.#routes.has(key)) throw new Error(`${address} is already in the network ${this.name}`);
    this.#routes.set(key, deliver);
    if (key.includes(':')) this.uplink?.announce(key);
  }

  detach(address: string): void {
    this.#routes.delete(keyOf(address));
  }

  /** Has packets to a multicast group delivered to a member, such as a network card. */
  join(group: string, member: object, deliver: (packet: Packet) => void): void {
    const key = keyOf(group);
    const members = this.#groups.get(key) ?? new Map<object, (packet: Packet) => void>();
    members.set(member, deliver);
    this.#groups.set(key, members);
  }

  leave(group: string, member: object): void {
    this.#groups.get(keyOf(group))?.delete(member);
  }

  forward(packet: Packet): void {
    if (packet.hops <= 0 || this.filter?.(packet) === false) {
      this.dropped++;
      return;
    }
    const onward: Packet = { ...packet, hops: packet.hops - 1 };
    const destination = keyOf(packet.destination.address);
    if (isMulticast(destination)) {
      this.#spread(onward);
      return;
    }
    const deliver = this.#routes.get(destination);
    if (deliver !== undefined) deliver(onward);
    else if (this.uplink !== undefined) this.uplink.forward(onward);
    else this.dropped++;
  }

  /** To all members, and not beyond this network. */
  #spread(packet: Packet): void {
    for (const deliver of this.#groups.get(keyOf(packet.destination.address))?.values() ?? []) {
      deliver({ ...packet, bytes: packet.bytes.slice() });
    }
  }
}

function keyOf(address: string): string {
  const key = canonicalOrNone(address);
  if (key === undefined) throw new RangeError(`${address} is not an IP address`);
  return key;
}
