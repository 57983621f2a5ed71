import type { CryptoProvider, Mac } from '@kaon/interface/crypto/v1';
import { encodeUtf8, equalConstantTime, Writer } from '@kaon/wire';

/** What of a ClientHello its cookie is for. The first fragment of a long one may end before the suites. */
export interface HelloParameters {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cookie: Uint8Array;
  readonly cipherSuites?: readonly number[];
  readonly compressionMethods?: Uint8Array;
}

/**
 * Cookies of HelloVerifyRequest (RFC 6347 §4.2.1): an HMAC over the sender's address and the hello's parameters, so that
 * the server remembers nothing but its own secret.
 */
export class Cookies {
  readonly #mac: Mac;

  constructor(crypto: Pick<CryptoProvider, 'mac' | 'random'>) {
    const secret = new Uint8Array(32);
    crypto.random(secret);
    this.#mac = crypto.mac('SHA-256', secret);
  }

  /** The cookie for this hello from this address. */
  make(hello: HelloParameters, origin: string): Uint8Array {
    const writer = new Writer()
      .vector(2, (address) => address.bytes(encodeUtf8(origin)))
      .u16(hello.version)
      .bytes(hello.random)
      .vector(1, (id) => id.bytes(hello.sessionId))
      .vector(2, (suites) => {
        for (const suite of hello.cipherSuites ?? []) suites.u16(suite);
      })
      .vector(1, (methods) => methods.bytes(hello.compressionMethods ?? NONE));
    const cookie = new Uint8Array(this.#mac.length);
    this.#mac.sign(cookie, writer.peek());
    return cookie;
  }

  /** Whether the hello carries its cookie. */
  check(hello: HelloParameters, origin: string): boolean {
    return equalConstantTime(hello.cookie, this.make(hello, origin));
  }
}

const NONE = new Uint8Array(0);
