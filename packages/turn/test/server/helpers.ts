/** A server with a driver that binds whatever it is told to, and clients that speak by hand-made messages. */
import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import {
  type Attribute,
  attribute,
  decodeMessage,
  type EncodeOptions,
  encodeMessage,
  LongTermAuthentication,
  METHOD,
  parseMessage,
  type StunMessage,
} from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import { TurnServer, type TurnServerEvent, type TurnServerOptions } from '../../src/server/index.ts';

export const SERVER: TransportAddress = transportAddress('203.0.113.1', 3478);
export const SERVER6: TransportAddress = transportAddress('2001:db8:1::1', 3478);
export const RELAY4 = '203.0.113.1';
export const RELAY6 = '2001:db8:1::1';
export const PEER: TransportAddress = transportAddress('198.51.100.7', 4000);
export const PEER6: TransportAddress = transportAddress('2001:db8:2::7', 4000);

/** One datagram that the server sent. */
export interface Sent {
  readonly path: Path;
  readonly bytes: Uint8Array;
  readonly ecn: number;
  readonly dontFragment: boolean;
}

/** Drives a `TurnServer` at times that the test sets. */
export class Bench {
  readonly server: TurnServer;
  now = 1000;
  readonly events: TurnServerEvent[] = [];
  readonly sent: Sent[] = [];
  /** Ports in use, as `protocol address port`. */
  readonly bound = new Set<string>();
  /** Ports that cannot be had. */
  readonly taken = new Set<number>();
  /** False: `bind-relay` is left to the test. */
  binds = true;
  nextPort = 50_001;
  readonly slot = new Slot(66_000);

  constructor(options: Partial<TurnServerOptions> = {}) {
    this.server = new TurnServer({
      realm: 'example.org',
      random: bytesOf(1),
      relayAddress: { IPv4: RELAY4, IPv6: RELAY6 },
      authenticate: (username) => (username.startsWith('user') ? { password: `secret of ${username}` } : undefined),
      ...options,
    });
  }

  /** Gives the server one datagram and carries out what it orders. */
  receive(bytes: Uint8Array, path: Path, ecn: 0 | 1 | 2 | 3 = 0): readonly Sent[] {
    this.server.handleDatagram(bytes, path, this.now, ecn);
    return this.run();
  }

  /** Carries out orders; returns what was sent. */
  run(): readonly Sent[] {
    const from = this.sent.length;
    for (let event = this.server.pollEvent(); event !== undefined; event = this.server.pollEvent()) {
      this.events.push(event);
      this.#obey(event);
    }
    for (; this.server.pollTransmit(this.slot, this.now); this.slot.reset()) {
      const { path, ecn } = this.slot;
      const { dontFragment } = this.server;
      this.sent.push({ path: path!, bytes: this.slot.bytes.slice(), ecn, dontFragment });
    }
    return this.sent.slice(from);
  }

  /** Lets time pass, stopping at every deadline. */
  advance(ms: number): readonly Sent[] {
    const from = this.sent.length;
    const end = this.now + ms;
    for (let at = this.server.pollTimeout(); at <= end; at = this.server.pollTimeout()) {
      this.now = Math.max(this.now, at);
      this.server.handleTimeout(this.now);
      this.run();
    }
    this.now = end;
    return this.sent.slice(from);
  }

  has<T extends TurnServerEvent['type']>(type: T): Extract<TurnServerEvent, { type: T }> | undefined {
    return this.events.findLast((event): event is Extract<TurnServerEvent, { type: T }> => event.type === type);
  }

  /** A datagram of a peer to a relayed address. */
  fromPeer(
    bytes: Uint8Array,
    relayed: TransportAddress,
    peer: TransportAddress,
    ecn: 0 | 1 | 2 | 3 = 0,
  ): readonly Sent[] {
    return this.receive(bytes, { protocol: 'udp', local: { ...relayed }, remote: { ...peer } }, ecn);
  }

  #obey(event: TurnServerEvent): void {
    if (event.type === 'release-relay') {
      const key = `${event.protocol} ${event.local.address} ${event.local.port}`;
      if (!this.bound.delete(key)) throw new Error(`${key} was not bound`);
    }
    if (event.type !== 'bind-relay' || !this.binds) return;
    let port = typeof event.port === 'number' ? event.port : this.nextPort++;
    while (event.port === 'even' && (port & 1) !== 0) port = this.nextPort++;
    const key = `${event.protocol} ${event.address} ${port}`;
    if (this.taken.has(port) || this.bound.has(key)) {
      this.server.relayFailed(event.request, this.now);
    } else {
      this.bound.add(key);
      this.server.relayBound(event.request, { address: event.address, family: event.family, port }, this.now);
    }
  }
}

/** A client of one user on one 5-tuple. */
export class Client {
  readonly bench: Bench;
  path: Path;
  readonly authentication: LongTermAuthentication;
  #count = 0;

  constructor(
    bench: Bench,
    options: { username?: string; password?: string; path?: Path; address?: string; port?: number } = {},
  ) {
    const { username = 'user', password = `secret of ${username}`, address = '192.0.2.1', port = 5000 } = options;
    this.bench = bench;
    this.path = options.path ?? clientPath(address, port);
    this.authentication = new LongTermAuthentication({ username, password });
  }

  /** Sends a request, with credentials once challenged; answers challenges. Undefined: there was no answer. */
  request(method: number, attributes: readonly Attribute[] = []): StunMessage | undefined {
    let response = this.once(method, attributes);
    for (let tries = 0; tries < 2 && response?.class === 'error'; tries++) {
      if (!this.authentication.handleChallenge(response)) break;
      response = this.once(method, attributes);
    }
    return response;
  }

  /** Sends one request and returns the answer. */
  once(
    method: number,
    attributes: readonly Attribute[] = [],
    transactionId = this.transactionId(),
  ): StunMessage | undefined {
    const bytes = this.encode(method, attributes, transactionId);
    return this.answer(this.bench.receive(bytes, this.path));
  }

  encode(method: number, attributes: readonly Attribute[], transactionId = this.transactionId()): Uint8Array {
    const { authentication } = this;
    return encodeMessage(
      { class: 'request', method, transactionId, attributes: [...attributes, ...authentication.attributes()] },
      authentication.encodeOptions(),
    );
  }

  /** The last response among what was sent to this client, genuine if it has integrity. */
  answer(sent: readonly Sent[]): StunMessage | undefined {
    for (const { bytes, path } of sent.toReversed()) {
      const message = decodeMessage(bytes);
      if (path.remote.port !== this.path.remote.port || isMalformed(message) || message.class === 'indication')
        continue;
      if (attribute(message, 'message-integrity') ?? attribute(message, 'message-integrity-sha256')) {
        if (!this.authentication.verify(bytes)) throw new Error('the response is not genuine');
      }
      return message;
    }
    return undefined;
  }

  allocate(...attributes: readonly Attribute[]): StunMessage | undefined {
    return this.request(METHOD.Allocate, [UDP, ...attributes]);
  }

  /** Allocates, and returns the relayed address. */
  allocated(...attributes: readonly Attribute[]): TransportAddress {
    const response = this.allocate(...attributes);
    const relayed = response && attribute(response, 'xor-relayed-address');
    if (relayed === undefined) throw new Error(`not allocated: ${codeOf(response)}`);
    return relayed.address;
  }

  permit(...peers: readonly TransportAddress[]): StunMessage | undefined {
    return this.request(
      METHOD.CreatePermission,
      peers.map((address) => ({ type: 'xor-peer-address', address })),
    );
  }

  bind(channel: number, peer: TransportAddress): StunMessage | undefined {
    return this.request(METHOD.ChannelBind, [
      { type: 'channel-number', channel },
      { type: 'xor-peer-address', address: peer },
    ]);
  }

  refresh(seconds?: number, ...attributes: readonly Attribute[]): StunMessage | undefined {
    return this.request(METHOD.Refresh, [
      ...(seconds === undefined ? [] : [{ type: 'lifetime', seconds } as const]),
      ...attributes,
    ]);
  }

  /** Sends a Send indication. */
  send(data: Uint8Array, peer: TransportAddress, ...attributes: readonly Attribute[]): readonly Sent[] {
    return this.bench.receive(
      encodeMessage({
        class: 'indication',
        method: METHOD.Send,
        transactionId: this.transactionId(),
        attributes: [{ type: 'xor-peer-address', address: peer }, ...attributes, { type: 'data', data }],
      }),
      this.path,
    );
  }

  sendChannel(channel: number, data: Uint8Array, ecn: 0 | 1 | 2 | 3 = 0): readonly Sent[] {
    return this.bench.receive(channelData(channel, data), this.path, ecn);
  }

  transactionId(): Uint8Array {
    const id = new Uint8Array(12);
    new DataView(id.buffer).setUint32(4, this.path.remote.port);
    new DataView(id.buffer).setUint32(8, ++this.#count);
    return id;
  }
}

export const UDP: Attribute = { type: 'requested-transport', protocol: 17 };
export const TCP: Attribute = { type: 'requested-transport', protocol: 6 };

export function clientPath(address = '192.0.2.1', port = 5000, protocol: 'udp' | 'tcp' = 'udp'): Path {
  const remote = transportAddress(address, port);
  return { protocol, local: remote.family === 'IPv4' ? SERVER : SERVER6, remote };
}

export function channelData(channel: number, data: Uint8Array, padding = 0): Uint8Array {
  const bytes = new Uint8Array(4 + data.length + padding);
  bytes.set([channel >> 8, channel & 0xff, data.length >> 8, data.length & 0xff]);
  bytes.set(data, 4);
  return bytes;
}

/** The error code of a response, 0 for a success. */
export function codeOf(response: StunMessage | undefined): number | undefined {
  if (response === undefined) return undefined;
  return response.class === 'success' ? 0 : attribute(response, 'error-code')?.code;
}

export function bytesOf(seed: number): (out: Uint8Array) => void {
  const random = seededRandom(seed);
  return (out) => out.set(random.bytes(out.length));
}

export const HELLO: Uint8Array = new TextEncoder().encode('hello');

export { type EncodeOptions, parseMessage };
