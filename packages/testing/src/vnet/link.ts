import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer } from '@kaon/interface/network/v1';
import type { SeededRandom } from '../random.ts';
import { Netem, type NetemOptions, type NetemStats } from './netem.ts';
import type { Segment } from './tcp/segment.ts';

/** A UDP datagram, or a TCP segment, inside the simulated network. */
export interface Packet {
  readonly source: TransportAddress;
  readonly destination: TransportAddress;
  readonly bytes: Uint8Array;
  readonly ecn: EcnCodepoint;
  /** Routers it may still pass: ends loops. */
  readonly hops: number;
  /** Undefined: `udp`. */
  readonly protocol?: 'udp' | 'tcp' | undefined;
  /** The header of a TCP segment; `bytes` is what it carries. */
  readonly segment?: Segment | undefined;
}

/** How the two directions of a link behave. */
export interface LinkOptions extends NetemOptions {
  /** What differs from the host to the network. */
  readonly toNetwork?: NetemOptions | undefined;
  /** What differs from the network to the host. */
  readonly toHost?: NetemOptions | undefined;
}

/** A cable between a host (or a NAT) and a network. It can be changed while packets fly. */
export class Link {
  /** From the host to the network. */
  readonly up: Wire;
  /** From the network to the host. */
  readonly down: Wire;

  constructor(options: LinkOptions, clock: Clock, random: SeededRandom) {
    const { toNetwork, toHost, ...both } = options;
    this.up = new Wire({ ...both, ...toNetwork }, clock, random.fork('up'));
    this.down = new Wire({ ...both, ...toHost }, clock, random.fork('down'));
  }

  /** Changes both directions from now on. */
  set(options: NetemOptions): void {
    this.up.set(options);
    this.down.set(options);
  }

  /** Pulls the plug: what is sent from now on is lost, and so is what is in flight. */
  cut(): void {
    this.set({ down: true });
    this.up.flush();
    this.down.flush();
  }

  /** Plugs it in again. */
  restore(): void {
    this.set({ down: false });
  }
}

/** One direction of a link: a `Netem` that delivers by the clock. */
export class Wire {
  /** Where packets come out. Without one they vanish. */
  onPacket: ((packet: Packet) => void) | undefined = undefined;
  readonly #netem: Netem<Packet>;
  readonly #clock: Clock;
  readonly #timer: ClockTimer;

  constructor(options: NetemOptions, clock: Clock, random: SeededRandom) {
    this.#netem = new Netem(options, random);
    this.#clock = clock;
    this.#timer = clock.timer(() => this.#deliver());
  }

  get stats(): NetemStats {
    return this.#netem.stats;
  }

  send(packet: Packet): void {
    const fate = this.#netem.push(packet.bytes, this.#clock.now(), packet, packet.ecn);
    if (fate === 'sent') this.#arm();
  }

  set(options: NetemOptions): void {
    this.#netem.set(options);
  }

  /** Loses everything in flight. */
  flush(): void {
    this.#netem.flush();
    this.#arm();
  }

  #deliver(): void {
    const now = this.#clock.now();
    for (let out = this.#netem.poll(now); out !== undefined; out = this.#netem.poll(now)) {
      this.onPacket?.({ ...out.meta, bytes: out.bytes, ecn: out.ecn });
    }
    this.#arm();
  }

  #arm(): void {
    this.#timer.reset(this.#netem.pollTimeout());
  }
}
