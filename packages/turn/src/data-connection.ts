/** A data connection of a TCP allocation (RFC 6062 §4.3): one exchange binds it, after that its bytes are the peer's. */
import type { Core, Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import {
  decodeMessage,
  type LongTermCredentials,
  METHOD,
  type OAuthToken,
  type StunCrypto,
  type StunMessage,
} from '@kaon/stun';
import { isMalformed } from '@kaon/wire';
import { errorOf } from './client/allocation.ts';
import { Requests, TurnCredentials } from './client/requests.ts';
import { TurnError } from './errors.ts';
import { StreamFramer } from './stream-framer.ts';

/** What a `TurnDataConnection` is made from. */
export interface TurnDataConnectionOptions {
  /** The new TCP or TLS connection to the server; its `protocol` is `tcp`. */
  readonly path: Path;
  /** The id of `connected` or `connection-attempt`. */
  readonly id: number;
  readonly random: RandomSource;
  readonly now: Instant;
  /** Those of the allocation. `TurnClient.dataConnection` passes on what the server said about them, and saves a round trip. */
  readonly credentials?: LongTermCredentials | OAuthToken | TurnCredentials | undefined;
  /** What to send as SOFTWARE. Default: nothing. */
  readonly software?: string | undefined;
  /** Default `defaultCrypto` of @kaon/stun. */
  readonly crypto?: StunCrypto | undefined;
  readonly trace?: Trace | undefined;
}

/** What a `TurnDataConnection` reports. */
export type TurnDataConnectionEvent =
  /** What is written to the connection from now on goes to the peer, and what comes is `pollData`'s. */
  | { readonly type: 'bound' }
  /** Terminal: close the connection. */
  | { readonly type: 'failed'; readonly error: TurnError };

/** Binds one connection. Write nothing of your own to it before `bound`. */
export class TurnDataConnection implements Core<TurnDataConnectionEvent> {
  readonly #requests: Requests;
  readonly #framer = new StreamFramer();
  readonly #data: Uint8Array[] = [];
  #event: TurnDataConnectionEvent | undefined;
  #state: 'binding' | 'bound' | 'failed' = 'binding';

  /** Throws `TurnError` (`TURN_INVALID_ARGUMENT`) when the path is not `tcp`. */
  constructor(options: TurnDataConnectionOptions) {
    const { path, id, credentials, crypto, now } = options;
    if (path.protocol !== 'tcp') throw new TurnError('TURN_INVALID_ARGUMENT', 'a data connection is a TCP connection');
    const shared = credentials instanceof TurnCredentials ? credentials : new TurnCredentials(credentials, crypto);
    this.#requests = new Requests(options, shared);
    this.#requests.ask(
      {
        method: METHOD.ConnectionBind,
        attributes: [{ type: 'connection-id', connectionId: id }],
        path,
        done: (reply) => this.#answered(reply),
      },
      now,
    );
  }

  /** Takes any piece of the stream. The bytes change owner. */
  handleStream(bytes: Uint8Array, now: Instant): void {
    if (this.#state === 'failed' || bytes.length === 0) return;
    if (this.#state === 'bound') {
      this.#data.push(bytes);
      return;
    }
    this.#framer.push(bytes);
    while (this.#state === 'binding') {
      const message = this.#framer.poll();
      if (message === undefined) break;
      const decoded = decodeMessage(message);
      if (!isMalformed(decoded)) this.#requests.handleResponse(decoded, message, now);
    }
    if (this.#framer.broken) this.#fail(new TurnError('TURN_BAD_STREAM', 'the server sent what is no STUN message'));
    else if (this.#isBound()) {
      // The server may send the peer's first bytes right behind its response.
      const rest = this.#framer.takeRest();
      if (rest.length > 0) this.#data.push(rest);
    }
  }

  handleTimeout(now: Instant): void {
    this.#requests.handleTimeout(now);
  }

  pollTimeout(): Instant {
    return this.#requests.pollTimeout();
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    return this.#requests.pollTransmit(slot, now);
  }

  /** The peer's bytes, in pieces as they came. To be polled after each `handleStream`: none of them is dropped. */
  pollData(): Uint8Array | undefined {
    return this.#data.shift();
  }

  pollEvent(): TurnDataConnectionEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    return event;
  }

  #isBound(): boolean {
    return this.#state === 'bound';
  }

  #answered(reply: StunMessage | undefined): void {
    if (reply === undefined) this.#fail(new TurnError('TURN_TIMEOUT', 'the server did not answer'));
    else if (reply.class !== 'success') this.#fail(errorOf(reply));
    else {
      this.#state = 'bound';
      this.#event = { type: 'bound' };
    }
  }

  #fail(error: TurnError): void {
    this.#state = 'failed';
    this.#requests.clear();
    this.#data.length = 0;
    this.#event = { type: 'failed', error };
  }
}
