/** A Binding server (RFC 8489 §6.3, §12), with NAT behaviour discovery (RFC 5780) where it has several addresses. */
import type { DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { canonicalAddress, Deque, fillSlot, formatAddress, isMalformed } from '@kaon/wire';
import type { Attribute } from './attribute.ts';
import { ERROR } from './attributes/error-code.ts';
import { TEXT_LIMIT } from './attributes/text.ts';
import type { StunCrypto } from './crypto.ts';
import { type EncodeOptions, encodeMessage } from './encode.ts';
import { checkedText, StunError } from './errors.ts';
import { verifyFingerprint } from './fingerprint.ts';
import { formatTransactionId, METHOD } from './header.ts';
import { attribute, decodeMessage, type StunMessage, unknownRequired } from './message.ts';
import { ServerAuthentication, type ServerAuthenticationOptions } from './server-authentication.ts';

/** What a `BindingResponder` is made from. */
export interface BindingResponderOptions {
  /** What to send as SOFTWARE. Default: nothing. */
  readonly software?: string | undefined;
  /** Who may ask. Default: everybody. */
  readonly authentication?: ServerAuthenticationOptions | undefined;
  /** The addresses of a server for NAT behaviour discovery. Default: none, and its attributes are answered with 420. */
  readonly behaviorDiscovery?: BehaviorDiscoveryOptions | undefined;
  /** Responses that may wait to be sent; further requests are dropped. Default 64. */
  readonly maxQueued?: number | undefined;
  /** Default `defaultCrypto`. */
  readonly crypto?: StunCrypto | undefined;
  readonly trace?: Trace | undefined;
}

/**
 * Two addresses that differ in IP and port (RFC 5780 §6). The driver has four sockets: both ports on both IPs; CHANGE-REQUEST
 * picks the one that a response leaves from.
 */
export interface BehaviorDiscoveryOptions {
  readonly primary: TransportAddress;
  readonly alternate: TransportAddress;
}

/** Answers Binding requests; keeps nothing between them and has no events. Dropped: whatever is no genuine request. */
export class BindingResponder implements DatagramCore<never> {
  readonly #options: BindingResponderOptions;
  readonly #authentication: ServerAuthentication | undefined;
  readonly #discovery: BehaviorDiscoveryOptions | undefined;
  readonly #maxQueued: number;
  readonly #queue: Deque<Response> = new Deque<Response>();
  #answered = 0;
  #dropped = 0;

  /** Throws `StunError` (`STUN_INVALID_ARGUMENT`) on options that make no sense. */
  constructor(options: BindingResponderOptions = {}) {
    const { authentication, behaviorDiscovery, maxQueued = 64, crypto, software } = options;
    if (!Number.isInteger(maxQueued) || maxQueued < 1) {
      throw new StunError('STUN_INVALID_ARGUMENT', 'maxQueued must be a positive integer');
    }
    if (software !== undefined) checkedText('software', software, TEXT_LIMIT);
    this.#options = options;
    this.#maxQueued = maxQueued;
    this.#authentication = authentication && new ServerAuthentication(authentication, crypto);
    this.#discovery = behaviorDiscovery && checkedDiscovery(behaviorDiscovery);
  }

  /** Requests that got a response, whatever it said. */
  get answered(): number {
    return this.#answered;
  }

  /** Datagrams that got none, and responses that did not fit into a slot. */
  get dropped(): number {
    return this.#dropped;
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    const reason = this.#take(bytes, path, now);
    if (reason !== undefined) this.#drop(reason, path, now);
  }

  handleTimeout(_now: Instant): void {}

  /** Never: a Binding server waits for nothing. */
  pollTimeout(): Instant {
    return Number.POSITIVE_INFINITY;
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (fillSlot(slot, next.bytes)) {
        slot.path = next.path;
        return true;
      }
      this.#drop('response too large', next.path, now);
    }
    return false;
  }

  pollEvent(): undefined {
    return undefined;
  }

  /** Answers a datagram, or says why it is dropped. */
  #take(bytes: Uint8Array, path: Path, now: Instant): string | undefined {
    if (this.#queue.length >= this.#maxQueued) return 'queue full';
    const request = decodeMessage(bytes);
    if (isMalformed(request)) return 'malformed';
    if (request.class !== 'request' || request.method !== METHOD.Binding) return 'no request';
    const fingerprint = attribute(request, 'fingerprint') !== undefined;
    if (fingerprint && !verifyFingerprint(bytes)) return 'wrong fingerprint';
    this.#enqueue(request, this.#reply(request, bytes, path, now), fingerprint, now);
    return undefined;
  }

  #reply(request: StunMessage, bytes: Uint8Array, path: Path, now: Instant): Reply {
    let encodeOptions: EncodeOptions = {};
    if (this.#authentication !== undefined) {
      const verdict = this.#authentication.check(request, bytes, path.remote, now);
      if (!verdict.accepted) return { class: 'error', attributes: verdict.attributes, encodeOptions, path };
      encodeOptions = verdict.encodeOptions;
    }
    const unknown = this.#unknown(request);
    if (unknown.length > 0) {
      const error: Attribute = { type: 'error-code', code: ERROR.UnknownAttribute, reason: 'Unknown Attribute' };
      const attributes: Attribute[] = [error, { type: 'unknown-attributes', types: unknown }];
      return { class: 'error', attributes, encodeOptions, path };
    }
    return this.#success(request, path, encodeOptions);
  }

  #success(request: StunMessage, path: Path, encodeOptions: EncodeOptions): Reply {
    const padding = attribute(request, 'padding');
    const responsePort = attribute(request, 'response-port');
    if (padding !== undefined && responsePort !== undefined) {
      // Otherwise a small request could make us send large datagrams to somebody else's port (RFC 5780 §7.6).
      const error: Attribute = { type: 'error-code', code: ERROR.BadRequest, reason: 'Bad Request' };
      return { class: 'error', attributes: [error], encodeOptions, path };
    }
    const attributes: Attribute[] = [{ type: 'xor-mapped-address', address: path.remote }];
    let replyPath = path;
    if (this.#discovery !== undefined) {
      const origin = originFor(this.#discovery, path.local, attribute(request, 'change-request'));
      attributes.push({ type: 'mapped-address', address: path.remote });
      attributes.push({ type: 'response-origin', address: origin });
      attributes.push({ type: 'other-address', address: other(this.#discovery, path.local, true, true) });
      const remote = responsePort === undefined ? path.remote : { ...path.remote, port: responsePort.port };
      replyPath = { protocol: path.protocol, local: origin, remote };
    }
    // As long as the request's: padding must not make us an amplifier.
    if (padding !== undefined) attributes.push({ type: 'padding', padding: new Uint8Array(padding.padding.length) });
    return { class: 'success', attributes, encodeOptions, path: replyPath };
  }

  #enqueue(request: StunMessage, reply: Reply, fingerprint: boolean, now: Instant): void {
    const { software, trace } = this.#options;
    const attributes =
      software === undefined ? reply.attributes : [...reply.attributes, { type: 'software', software } as const];
    const { transactionId, method } = request;
    const bytes = encodeMessage(
      { class: reply.class, method, transactionId, attributes },
      { ...reply.encodeOptions, fingerprint },
    );
    this.#queue.push({ bytes, path: reply.path });
    this.#answered++;
    if (trace === undefined) return;
    const first = reply.attributes[0];
    const code = first?.type === 'error-code' ? first.code : undefined;
    const pii = { remote: formatAddress(reply.path.remote) };
    const data = { transactionId: formatTransactionId(transactionId), class: reply.class, code, pii };
    trace({ time: now, name: 'stun:response-queued', data });
  }

  /** What must be understood and is not: without several addresses that goes for behaviour discovery too. */
  #unknown(request: StunMessage): readonly number[] {
    const unknown = [...unknownRequired(request)];
    if (this.#discovery === undefined) {
      if (attribute(request, 'change-request') !== undefined) unknown.push(0x0003);
      if (attribute(request, 'padding') !== undefined) unknown.push(0x0026);
      if (attribute(request, 'response-port') !== undefined) unknown.push(0x0027);
    }
    return unknown;
  }

  #drop(reason: string, path: Path, now: Instant): void {
    this.#dropped++;
    const pii = { remote: formatAddress(path.remote) };
    this.#options.trace?.({ time: now, name: 'stun:dropped', data: { reason, pii } });
  }
}

interface Reply {
  readonly class: 'success' | 'error';
  readonly attributes: readonly Attribute[];
  readonly encodeOptions: EncodeOptions;
  readonly path: Path;
}

interface Response {
  readonly bytes: Uint8Array;
  readonly path: Path;
}

function originFor(
  discovery: BehaviorDiscoveryOptions,
  local: TransportAddress,
  change: { readonly changeAddress: boolean; readonly changePort: boolean } | undefined,
): TransportAddress {
  return other(discovery, local, change?.changeAddress ?? false, change?.changePort ?? false);
}

/** `local` with its IP, its port or both exchanged for the server's other one. */
function other(
  { primary, alternate }: BehaviorDiscoveryOptions,
  local: TransportAddress,
  changeAddress: boolean,
  changePort: boolean,
): TransportAddress {
  const isPrimaryAddress = canonicalAddress(local.address) === canonicalAddress(primary.address);
  const isPrimaryPort = local.port === primary.port;
  return {
    address: (isPrimaryAddress !== changeAddress ? primary : alternate).address,
    family: local.family,
    port: (isPrimaryPort !== changePort ? primary : alternate).port,
  };
}

function checkedDiscovery(options: BehaviorDiscoveryOptions): BehaviorDiscoveryOptions {
  const { primary, alternate } = options;
  if (primary.family !== alternate.family) {
    throw new StunError('STUN_INVALID_ARGUMENT', 'primary and alternate address are of different families');
  }
  if (canonicalAddress(primary.address) === canonicalAddress(alternate.address) || primary.port === alternate.port) {
    throw new StunError('STUN_INVALID_ARGUMENT', 'primary and alternate must differ in address and in port');
  }
  return options;
}
