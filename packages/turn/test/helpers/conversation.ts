import type { Path } from '@kaon/interface/core/v1';
import {
  type Attribute,
  attribute,
  decodeMessage,
  defaultCrypto,
  encodeMessage,
  isStun,
  longTermKey,
  METHOD,
  parseMessage,
  type StunMessage,
  verifyIntegrity,
} from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import { TurnClient, type TurnClientEvent, type TurnClientOptions, type WrapResult } from '../../src/index.ts';

export const CLIENT = transportAddress('192.0.2.10', 40000);
export const SERVER = transportAddress('198.51.100.1', 3478);
export const RELAYED = transportAddress('198.51.100.1', 50000);
export const RELAYED6 = transportAddress('2001:db8::1', 50000);
export const PEER = transportAddress('203.0.113.5', 6000);
export const PEER6 = transportAddress('2001:db8::5', 6000);
export const UDP: Path = { protocol: 'udp', local: CLIENT, remote: SERVER };
export const TCP: Path = { protocol: 'tcp', local: CLIENT, remote: SERVER };
export const KEY = defaultCrypto.mac('SHA-1', longTermKey('u', 'r', 'p'));

/** A message that the client sent. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly path: Path;
  /** Undefined for ChannelData. */
  readonly message: StunMessage | undefined;
}

type Answer = { class: 'success' | 'error'; attributes: readonly Attribute[]; keyed?: boolean };

/**
 * A client and the answers that a test gives it, letter by letter: for what a well-behaved server never sends. Anything
 * not told otherwise is answered with success.
 */
export class Conversation {
  now = 1000;
  readonly client: TurnClient;
  /** All requests by now, also those that were sent again. */
  readonly requests: StunMessage[] = [];
  /** Answers by method; 'silence' swallows the request. */
  readonly answers = new Map<number, (request: StunMessage) => Answer | 'silence'>();
  readonly events: TurnClientEvent[] = [];
  nonce = 'n1';

  constructor(options: Partial<TurnClientOptions> = {}) {
    this.client = new TurnClient({
      path: UDP,
      random: seededRandom(1),
      now: this.now,
      credentials: { username: 'u', password: 'p' },
      ...options,
    });
  }

  get last(): StunMessage {
    return this.requests.at(-1)!;
  }

  count(method: number): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  /** All that the client sends now, unanswered. */
  sent(): Sent[] {
    const all: Sent[] = [];
    const slot = new Slot(65_600);
    while (this.client.pollTransmit(slot, this.now)) {
      const bytes = slot.bytes.slice();
      const decoded = isStun(bytes) ? decodeMessage(bytes) : undefined;
      const message = decoded !== undefined && isMalformed(decoded) ? undefined : decoded;
      all.push({ bytes, path: slot.path!, message });
      if (message?.class === 'request') this.requests.push(message);
      slot.reset();
    }
    return all;
  }

  /** Gives one answer. */
  reply(request: StunMessage, answer: Answer, path: Path = UDP): void {
    const { method, transactionId } = request;
    const bytes = encodeMessage(
      { class: answer.class, method, transactionId, attributes: answer.attributes },
      answer.keyed === false ? {} : { integrity: KEY },
    );
    this.client.handleDatagram(bytes, path, this.now);
  }

  /** Answers whatever the client asks until it asks nothing more; returns what else it sent. */
  exchange(): Sent[] {
    const rest: Sent[] = [];
    for (let all = this.sent(); all.length > 0; all = this.sent()) {
      for (const each of all) {
        if (each.message?.class !== 'request') {
          rest.push(each);
          continue;
        }
        const answer = this.#answer(each);
        if (answer !== 'silence') this.reply(each.message, answer, each.path);
      }
    }
    for (let event = this.client.pollEvent(); event !== undefined; event = this.client.pollEvent()) {
      this.events.push(event);
    }
    return rest;
  }

  /** Lets time pass, answering what is asked meanwhile. */
  advance(ms: number): Sent[] {
    const until = this.now + ms;
    const rest = this.exchange();
    for (let at = this.client.pollTimeout(); at <= until; at = this.client.pollTimeout()) {
      this.now = Math.max(this.now, at);
      this.client.handleTimeout(this.now);
      if (this.client.pollTimeout() <= this.now) throw new Error('pollTimeout did not move on');
      rest.push(...this.exchange());
    }
    this.now = until;
    return rest;
  }

  allocate(): Extract<TurnClientEvent, { type: 'allocated' }> {
    this.exchange();
    const event = this.events.find((each) => each.type === 'allocated');
    if (event === undefined) throw new Error(`no allocation: ${JSON.stringify(this.events)}`);
    return event;
  }

  /** Sends data to a peer: what `wrap` said, and what is on the wire at once. */
  wrap(peer: typeof PEER, data: Uint8Array): { result: WrapResult; bytes: Uint8Array; path: Path | undefined } {
    const slot = new Slot(65_600);
    const result = this.client.wrap(peer, data, 0, data.length, slot, this.now);
    return { result, bytes: slot.bytes.slice(), path: slot.path };
  }

  receive(message: StunMessage, path: Path = UDP): void {
    this.client.handleDatagram(encodeMessage(message), path, this.now);
  }

  event<T extends TurnClientEvent['type']>(type: T): Extract<TurnClientEvent, { type: T }> | undefined {
    return this.events.find((each): each is Extract<TurnClientEvent, { type: T }> => each.type === type);
  }

  #answer({ bytes, message }: Sent): Answer | 'silence' {
    const request = message!;
    const told = this.answers.get(request.method)?.(request);
    if (told !== undefined) return told;
    if (attribute(request, 'username') === undefined) return challenge(401, this.nonce);
    if (attribute(request, 'nonce')?.nonce !== this.nonce) return challenge(438, this.nonce);
    if (!verifyIntegrity(bytes, KEY))
      return { class: 'error', attributes: [{ type: 'error-code', code: 400, reason: '' }] };
    return { class: 'success', attributes: success(request) };
  }
}

export function challenge(code: number, nonce: string): Answer {
  const attributes: Attribute[] = [
    { type: 'error-code', code, reason: code === 401 ? 'Unauthenticated' : 'Stale Nonce' },
    { type: 'realm', realm: 'r' },
    { type: 'nonce', nonce },
  ];
  return { class: 'error', attributes, keyed: false };
}

export function refusal(code: number, reason = 'no'): Answer {
  return { class: 'error', attributes: [{ type: 'error-code', code, reason }] };
}

export function allocated(...more: Attribute[]): Answer {
  return {
    class: 'success',
    attributes: [
      { type: 'xor-relayed-address', address: RELAYED },
      { type: 'xor-mapped-address', address: CLIENT },
      { type: 'lifetime', seconds: 600 },
      ...more,
    ],
  };
}

export function dataIndication(peer: typeof PEER, data: Uint8Array): StunMessage {
  return {
    class: 'indication',
    method: METHOD.Data,
    transactionId: new Uint8Array(12).fill(9),
    attributes: [
      { type: 'xor-peer-address', address: peer },
      { type: 'data', data },
    ],
  };
}

/** A Send indication, read. */
export function sentTo(bytes: Uint8Array): { peer: typeof PEER; data: Uint8Array; dontFragment: boolean } {
  const message = parseMessage(bytes);
  if (message.class !== 'indication' || message.method !== METHOD.Send) throw new Error('no Send indication');
  return {
    peer: attribute(message, 'xor-peer-address')!.address,
    data: attribute(message, 'data')!.data,
    dontFragment: attribute(message, 'dont-fragment') !== undefined,
  };
}

function success(request: StunMessage): readonly Attribute[] {
  if (request.method === METHOD.Allocate) return allocated().attributes;
  if (request.method === METHOD.Refresh)
    return [{ type: 'lifetime', seconds: attribute(request, 'lifetime')?.seconds ?? 600 }];
  if (request.method === METHOD.Connect) return [{ type: 'connection-id', connectionId: 77 }];
  return [];
}
