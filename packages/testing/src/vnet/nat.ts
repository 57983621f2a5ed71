import type { Clock } from '@kaon/interface/network/v1';
import type { Link, Packet } from './link.ts';
import { NatTable, type NatTableOptions } from './nat-table.ts';
import { Router } from './router.ts';

/** A NAT box between a private network and an outer one. IPv6 passes untranslated. */
export interface NatOptions extends NatTableOptions {
  /** Whether inside hosts reach each other by their external addresses (RFC 4787 §6). Default false. */
  readonly hairpinning?: boolean | undefined;
  /** Drop all UDP, as strict company networks do; TCP passes. Default false; see `Nat.blockUdp`. */
  readonly blockUdp?: boolean | undefined;
  /** Drop everything. Default false; see `Nat.blockAll`. */
  readonly blockAll?: boolean | undefined;
  /** `mappingTimeout` of TCP, in ms. Default 7 440 000, two hours and four minutes (RFC 5382 §5). */
  readonly tcpMappingTimeout?: number | undefined;
}

/** A NAT; hosts are put into its `inside`. */
export class Nat {
  /** The private network. */
  readonly inside: Router;
  /** Mappings of UDP. */
  readonly table: NatTable;
  /** Mappings of TCP: of the same behaviour. */
  readonly tcpTable: NatTable;
  /** The cable between the NAT and the outer network. */
  readonly link: Link;
  /** While true no UDP passes in either direction. */
  blockUdp: boolean;
  /** While true nothing passes in either direction. */
  blockAll: boolean;
  /** Packets that were filtered or blocked. */
  dropped = 0;
  readonly #outside: Router;
  readonly #clock: Clock;
  readonly #options: NatOptions;

  constructor(name: string, options: NatOptions, outside: Router, link: Link, clock: Clock) {
    this.inside = new Router(name);
    this.table = new NatTable(options);
    this.tcpTable = new NatTable({ ...options, mappingTimeout: options.tcpMappingTimeout ?? 7_440_000 });
    this.link = link;
    this.blockUdp = options.blockUdp ?? false;
    this.blockAll = options.blockAll ?? false;
    this.#outside = outside;
    this.#clock = clock;
    this.#options = options;
    link.up.onPacket = (packet) => outside.forward(packet);
    link.down.onPacket = (packet) => this.#inbound(packet);
    for (const address of options.addresses) outside.attach(address, (packet) => link.down.send(packet));
    this.inside.uplink = {
      forward: (packet) => this.#outbound(packet),
      announce: (address) => outside.attach(address, (packet) => link.down.send(packet)),
    };
  }

  /** A power cut: all mappings are gone; optionally with other external ports afterwards. */
  reboot(): void {
    this.table.reset();
    this.tcpTable.reset();
    this.link.up.flush();
    this.link.down.flush();
  }

  /** The network this NAT's external addresses are in. */
  get outside(): Router {
    return this.#outside;
  }

  #isBlocked(packet: Packet): boolean {
    return this.blockAll || (this.blockUdp && packet.protocol !== 'tcp');
  }

  #tableOf(packet: Packet): NatTable {
    return packet.protocol === 'tcp' ? this.tcpTable : this.table;
  }

  #outbound(packet: Packet): void {
    if (this.#isBlocked(packet)) {
      this.dropped++;
      return;
    }
    if (packet.destination.family === 'IPv6') {
      this.link.up.send(packet);
      return;
    }
    const now = this.#clock.now();
    const external = this.#tableOf(packet).outbound(packet.source, packet.destination, now);
    if (external === undefined) {
      this.dropped++;
      return;
    }
    const translated: Packet = { ...packet, source: external };
    if (!this.#options.addresses.includes(packet.destination.address)) this.link.up.send(translated);
    else if (this.#options.hairpinning === true) this.#inbound(translated);
    else this.dropped++;
  }

  #inbound(packet: Packet): void {
    if (this.#isBlocked(packet)) {
      this.dropped++;
      return;
    }
    if (packet.destination.family === 'IPv6') {
      this.inside.forward(packet);
      return;
    }
    const internal = this.#tableOf(packet).inbound(packet.destination, packet.source, this.#clock.now());
    if (internal === undefined) this.dropped++;
    else this.inside.forward({ ...packet, destination: internal });
  }
}
