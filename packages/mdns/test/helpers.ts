import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { seededRandom } from '@kaon/testing';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import {
  decodeMessage,
  MDNS_GROUPS,
  MdnsEndpoint,
  type MdnsEvent,
  type MdnsMessage,
  type MdnsOptions,
} from '../src/index.ts';

export const ETH0: TransportAddress = transportAddress('192.168.1.10', 5353);
export const ETH0_6: TransportAddress = transportAddress('fe80::10%eth0', 5353);
export const ETH1: TransportAddress = transportAddress('10.0.0.10', 5353);
export const PEER: TransportAddress = transportAddress('192.168.1.2', 5353);
export const NAME = '1f4712db-ea17-4bcf-a596-105139dfd8bf.local';

/** One datagram that an endpoint sent. */
export interface Said {
  readonly path: Path;
  readonly message: MdnsMessage;
  readonly bytes: Uint8Array;
  readonly now: number;
}

/** One endpoint and its clock, driven by hand. */
export class Lone {
  now = 1000;
  readonly endpoint: MdnsEndpoint;
  readonly events: MdnsEvent[] = [];
  readonly said: Said[] = [];

  constructor(options: Partial<MdnsOptions> = {}, links: readonly TransportAddress[] = [ETH0]) {
    this.endpoint = new MdnsEndpoint({ random: seededRandom(7), ...options });
    for (const local of links) this.endpoint.addLink({ local }, this.now);
  }

  /** Takes what the endpoint has to send and say; the former is returned too. */
  drain(): Said[] {
    const said: Said[] = [];
    for (const slot = new Slot(1200); this.endpoint.pollTransmit(slot, this.now); slot.reset()) {
      const message = decodeMessage(slot.bytes);
      if (isMalformed(message)) throw new Error('sent something malformed');
      said.push({ path: slot.path!, message, bytes: slot.bytes.slice(), now: this.now });
    }
    this.said.push(...said);
    for (let event = this.endpoint.pollEvent(); event !== undefined; event = this.endpoint.pollEvent()) {
      this.events.push(event);
    }
    return said;
  }

  /** Lets time pass, deadline by deadline. Returns what was sent. */
  advance(ms: number): Said[] {
    const end = this.now + ms;
    const said = this.drain();
    for (let next = this.endpoint.pollTimeout(); next <= end; next = this.endpoint.pollTimeout()) {
      this.now = Math.max(this.now, next);
      this.endpoint.handleTimeout(this.now);
      said.push(...this.drain());
    }
    this.now = end;
    return said;
  }

  /** A datagram arrives; returns what was sent. */
  hear(bytes: Uint8Array, remote: TransportAddress = PEER, local: TransportAddress = ETH0): Said[] {
    this.endpoint.handleDatagram(bytes, { protocol: 'udp', local, remote }, this.now);
    return this.drain();
  }

  resolve(name: string): Said[] {
    this.endpoint.resolve(name, this.now);
    return this.drain();
  }

  /** Registers and lets the announcements pass by. */
  register(address: string = ETH0.address): string {
    const name = this.endpoint.register(address, this.now);
    this.advance(5000);
    return name;
  }
}

/** Whether it was sent to all on the link. */
export function toAll({ path }: Said): boolean {
  return path.remote.address === MDNS_GROUPS[path.local.family] && path.remote.port === 5353;
}

/** `name address` of each record. */
export function recordsOf(said: readonly Said[]): string[] {
  return said.flatMap(({ message }) => message.records.map(({ name, address }) => `${name} ${address}`));
}
