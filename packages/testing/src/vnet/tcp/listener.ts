import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, Clock, ListenOptions, StreamListener } from '@kaon/interface/network/v1';
import type { HostStream } from './host-stream.ts';
import { acceptTls } from './tls.ts';

/** A simulated socket that takes streams. */
export class HostListener implements StreamListener {
  readonly interface = 'kaon:stream-listener/1' as const;
  readonly local: TransportAddress;
  /** Whether the port was bound to be shared. */
  readonly isShared: boolean;
  onStream: ((stream: ByteStream) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  readonly #options: ListenOptions;
  readonly #clock: Clock;
  readonly #onClose: () => void;
  #closed = false;

  constructor(local: TransportAddress, options: ListenOptions, clock: Clock, onClose: () => void) {
    this.local = local;
    this.isShared = options.reusePort ?? false;
    this.#options = options;
    this.#clock = clock;
    this.#onClose = onClose;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onStream = undefined;
    this.onError = undefined;
    this.#onClose();
  }

  /** A connection is through its handshake. False: nobody wants it. */
  take(stream: HostStream): boolean {
    const { tls } = this.#options;
    if (this.onStream === undefined) return false;
    if (tls === undefined) this.onStream(stream);
    else acceptTls(stream, tls, this.#clock, (secured) => this.#give(secured));
    return true;
  }

  #give(stream: ByteStream): void {
    if (this.onStream === undefined) stream.close();
    else this.onStream(stream);
  }
}
