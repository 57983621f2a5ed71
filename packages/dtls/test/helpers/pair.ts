import { Connection, type ConnectionOptions, type DtlsEvent, fingerprint, verifyFingerprints } from '@kaon/dtls';
import type { CodedError, Path } from '@kaon/interface/core/v1';
import type { SecureEvent } from '@kaon/interface/secure-transport/v1';
import { Slot } from '@kaon/wire';
import { identity } from './identity.ts';

export type Side = 'client' | 'server';
export type AnyEvent = SecureEvent | DtlsEvent;

/** What happens to a datagram: delays in ms for each copy; an empty list loses it. */
export type Fate = (from: Side, bytes: Uint8Array, index: number) => readonly number[];

export const PATH: Path = {
  protocol: 'udp',
  local: { address: '192.0.2.1', family: 'IPv4', port: 5000 },
  remote: { address: '192.0.2.2', family: 'IPv4', port: 6000 },
};

interface InFlight {
  readonly at: number;
  readonly order: number;
  readonly to: Side;
  readonly bytes: Uint8Array;
}

export function options(role: Side, extra: Partial<ConnectionOptions> = {}): ConnectionOptions {
  return { role, certificate: identity('p256'), verifyPeer: () => undefined, ...extra };
}

/** Accepts exactly the certificate with this fingerprint. */
export function pinned(der: Uint8Array): (peer: { readonly chain: readonly Uint8Array[] }) => CodedError | undefined {
  const wanted = [{ algorithm: 'sha-256', value: fingerprint(der) }];
  return (peer) =>
    verifyFingerprints(peer.chain[0] as Uint8Array, wanted)
      ? undefined
      : Object.assign(new Error('wrong fingerprint'), { code: 'TEST_WRONG_FINGERPRINT' });
}

/** Two connections, one clock, and a network that does what `fate` says. */
export class Pair {
  readonly client: Connection;
  readonly server: Connection;
  readonly events: Record<Side, AnyEvent[]> = { client: [], server: [] };
  readonly received: Record<Side, Uint8Array[]> = { client: [], server: [] };
  readonly sent: Record<Side, Uint8Array[]> = { client: [], server: [] };
  now = 0;
  delay = 1;
  fate: Fate | undefined;
  #wire: InFlight[] = [];
  #order = 0;

  constructor(client: Partial<ConnectionOptions> = {}, server: Partial<ConnectionOptions> = {}) {
    this.client = new Connection(options('client', client));
    this.server = new Connection(options('server', server));
  }

  side(side: Side): Connection {
    return side === 'client' ? this.client : this.server;
  }

  start(): this {
    this.server.start(this.now);
    this.client.start(this.now);
    return this;
  }

  /** Puts a datagram on the wire, subject to fate. */
  send(from: Side, bytes: Uint8Array): void {
    const index = this.sent[from].push(bytes.slice()) - 1;
    const delays = this.fate?.(from, bytes, index) ?? [this.delay];
    for (const delay of delays) {
      this.#wire.push({
        at: this.now + delay,
        order: this.#order++,
        to: from === 'client' ? 'server' : 'client',
        bytes: bytes.slice(),
      });
    }
  }

  /** Drains outputs of both sides. */
  flush(): void {
    for (const side of ['client', 'server'] as const) {
      const connection = this.side(side);
      const slot = new Slot(2000);
      for (slot.reset(); connection.pollTransmit(slot, this.now); slot.reset()) this.send(side, slot.bytes);
      for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent())
        this.events[side].push(event);
      for (let data = connection.pollPlaintext(); data !== undefined; data = connection.pollPlaintext())
        this.received[side].push(data);
    }
  }

  /** Runs until `until` or until nothing can happen any more, at most `most` ms. Returns whether `until` came true. */
  run(until: () => boolean = () => false, most = 120_000): boolean {
    const end = this.now + most;
    this.flush();
    while (!until()) {
      this.#wire.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = Math.min(this.#wire[0]?.at ?? Infinity, this.client.pollTimeout(), this.server.pollTimeout());
      if (next === Infinity || next > end) {
        this.now = end;
        return until();
      }
      this.now = Math.max(this.now, next);
      const due = this.#wire.filter((item) => item.at <= this.now);
      this.#wire = this.#wire.filter((item) => item.at > this.now);
      for (const { to, bytes } of due) this.side(to).handleRecord(bytes, PATH, this.now);
      this.client.handleTimeout(this.now);
      this.server.handleTimeout(this.now);
      this.flush();
    }
    return true;
  }

  connect(): this {
    this.start();
    if (!this.run(() => this.bothAre('connected'))) {
      throw new Error(
        `not connected: ${JSON.stringify(this.events, (_, v) => (v instanceof Error ? `${v.message}` : v))}`,
      );
    }
    return this;
  }

  bothAre(state: string): boolean {
    return this.client.state === state && this.server.state === state;
  }

  /** Seals application data and puts it on the wire. */
  write(from: Side, data: Uint8Array): void {
    this.send(from, this.seal(from, data));
  }

  seal(from: Side, data: Uint8Array): Uint8Array {
    const connection = this.side(from);
    const slot = new Slot(data.length + connection.tailroom, connection.headroom);
    slot.buffer.set(data, slot.start);
    slot.end = slot.start + data.length;
    connection.seal(slot, this.now);
    return slot.bytes;
  }

  error(side: Side): CodedError | undefined {
    for (const event of this.events[side]) if (event.type === 'failed') return event.error;
    return undefined;
  }
}
