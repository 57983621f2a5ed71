import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { isMalformed, Reader, readU16, readU32, writeU16 } from '@kaon/wire';
import { Cookies, type HelloParameters } from './handshake/cookie.ts';
import { encodeHandshakeFragment, readHandshakeFragment } from './messages/handshake-fragment.ts';
import { HANDSHAKE_TYPE } from './messages/handshake-type.ts';
import { encodeHelloVerifyRequest } from './messages/hello-verify-request.ts';
import { CONTENT_TYPE, RECORD_HEADER_LENGTH, VERSION } from './record/content-type.ts';

/** A ClientHello that came back with its cookie: what a server's `Connection` begins with, as its option `verifiedHello`. */
export interface VerifiedHello {
  /** Number of the record it came in: the server's first record has the same (RFC 6347 §4.2.1). */
  readonly recordSequence: number;
  /** Its message_seq; the server's first message has the same (RFC 6347 §4.2.2). */
  readonly messageSequence: number;
  /** Its random, by which a repetition is told from another client on the same address and port. */
  readonly random: Uint8Array;
}

/** How long the secret behind the cookies is used, in milliseconds; a cookie is good for once to twice as long. */
const SECRET_LIFETIME = 60_000;
/** A client asks once, and perhaps again with a cookie that has become too old. */
const MAX_MESSAGE_SEQUENCE = 15;

/**
 * The cookie exchange of a DTLS server (RFC 6347 §4.2.1) that keeps nothing of those who ask: a `Connection` is made for nobody
 * who has not shown that datagrams reach the address they come from. One object serves a whole port.
 */
export class HelloVerifier {
  readonly #crypto: Pick<CryptoProvider, 'mac' | 'random'>;
  #cookies: Cookies;
  #former: Cookies;
  #since: Instant = Number.NEGATIVE_INFINITY;

  constructor(crypto: Pick<CryptoProvider, 'mac' | 'random'>) {
    this.#crypto = crypto;
    this.#cookies = new Cookies(crypto);
    this.#former = this.#cookies;
  }

  /**
   * Takes a datagram from `origin`, an address and port as text. `none`: it does not begin with a ClientHello, or only with a
   * later fragment of one. `answered`: it has no good cookie; a HelloVerifyRequest is in `slot` from `slot.start` on, which
   * never has more bytes than the datagram. Otherwise it does: give it to a `Connection` made with what this returns.
   * Of a hello in fragments the first one decides, since the cookie is in it. Never throws on what came.
   */
  handle(datagram: Uint8Array, origin: string, slot: TransmitSlot, now: Instant): VerifiedHello | 'answered' | 'none' {
    const hello = readHello(datagram);
    if (hello === undefined) return 'none';
    this.#renew(now);
    if (this.#cookies.check(hello, origin) || this.#former.check(hello, origin)) {
      const { recordSequence, messageSequence, random } = hello;
      return { recordSequence, messageSequence, random: random.slice() };
    }
    const answer = helloVerifyRequest(datagram, hello, this.#cookies.make(hello, origin));
    if (answer.length > datagram.length || slot.start + answer.length > slot.limit) return 'none';
    slot.buffer.set(answer, slot.start);
    slot.end = slot.start + answer.length;
    return 'answered';
  }

  #renew(now: Instant): void {
    if (now - this.#since < SECRET_LIFETIME) return;
    const isLong = now - this.#since >= 2 * SECRET_LIFETIME;
    const cookies = new Cookies(this.#crypto);
    this.#former = isLong ? cookies : this.#cookies;
    this.#cookies = cookies;
    this.#since = now;
  }
}

interface FirstFragment extends HelloParameters {
  readonly recordSequence: number;
  readonly messageSequence: number;
}

/** What stands before the extensions, as far as the first fragment is sure to have it: up to the cookie. */
function readHello(datagram: Uint8Array): FirstFragment | undefined {
  if (datagram.length < RECORD_HEADER_LENGTH || datagram[0] !== CONTENT_TYPE.handshake) return undefined;
  if (datagram[1] !== 0xfe || readU16(datagram, 3) !== 0) return undefined;
  const end = RECORD_HEADER_LENGTH + readU16(datagram, 11);
  if (end > datagram.length) return undefined;
  const fragment = readHandshakeFragment(new Reader(datagram, RECORD_HEADER_LENGTH, end));
  if (isMalformed(fragment) || fragment.type !== HANDSHAKE_TYPE.clientHello || fragment.offset !== 0) return undefined;
  if (fragment.sequence > MAX_MESSAGE_SEQUENCE) return undefined;
  const reader = new Reader(fragment.body);
  const version = reader.u16();
  const random = reader.view(32);
  const sessionId = reader.view(reader.u8());
  const cookie = reader.view(reader.u8());
  if (reader.failed || sessionId.length > 32) return undefined;
  const recordSequence = readU16(datagram, 5) * 2 ** 32 + readU32(datagram, 7);
  return { version, random, sessionId, cookie, recordSequence, messageSequence: fragment.sequence };
}

/** With the numbers of the hello, so that none is used twice however often a client asks. */
function helloVerifyRequest(datagram: Uint8Array, hello: FirstFragment, cookie: Uint8Array): Uint8Array {
  // The version here is DTLS 1.0, whatever will be agreed (RFC 6347 §4.2.1).
  const body = encodeHelloVerifyRequest({ type: 'hello-verify-request', version: VERSION.dtls10, cookie });
  const type = HANDSHAKE_TYPE.helloVerifyRequest;
  const fragment = encodeHandshakeFragment(type, hello.messageSequence, body, 0, body.length);
  const record = new Uint8Array(RECORD_HEADER_LENGTH + fragment.length);
  record.set(datagram.subarray(0, RECORD_HEADER_LENGTH));
  writeU16(record, 1, VERSION.dtls12);
  writeU16(record, 11, fragment.length);
  record.set(fragment, RECORD_HEADER_LENGTH);
  return record;
}
