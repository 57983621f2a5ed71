import type { CryptoProvider, HashName, RunningHash } from '@kaon/interface/crypto/v1';
import { concatBytes } from '@kaon/wire';

/**
 * All handshake messages in order, each as if it had been sent in one fragment (RFC 6347 §4.2.6).
 * Kept whole, because CertificateVerify signs the messages and not their hash.
 */
export class Transcript {
  readonly #messages: Uint8Array[] = [];
  #hash: RunningHash | undefined;

  /** Adds a message with its header. */
  add(message: Uint8Array): void {
    this.#messages.push(message);
    this.#hash?.update(message);
  }

  /** Starts over: a ClientHello that HelloVerifyRequest refused does not count. */
  clear(): void {
    this.#messages.length = 0;
  }

  /** Lets go of everything: the handshake is through, and its connection may last for long. */
  end(): void {
    this.#messages.length = 0;
    this.#hash = undefined;
  }

  /** Sets the hash, once the suite is known. */
  start(crypto: Pick<CryptoProvider, 'hash'>, name: HashName): void {
    this.#hash = crypto.hash(name);
    for (const message of this.#messages) this.#hash.update(message);
  }

  /** The hash of all messages so far; `start` has been called. */
  digest(): Uint8Array {
    return (this.#hash as RunningHash).digest();
  }

  /** All messages so far behind each other. */
  bytes(): Uint8Array {
    return concatBytes(...this.#messages);
  }
}
