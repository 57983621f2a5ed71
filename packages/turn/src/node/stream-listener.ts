import type { Instant, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, Clock, StreamListener } from '@kaon/interface/network/v1';
import { StreamFramer } from '../stream-framer.ts';
import type { ClientConnection, ConnectionHost } from './connection.ts';

/** Bytes a slow client may leave in our memory before data for it is dropped, as a network would do. */
const MAX_DATA_BUFFERED = 256 << 10;
/** The same for answers; a client that does not even read those is cut off. */
const MAX_BUFFERED = 1 << 20;
/** Bytes of an unfinished message that are kept of a client without allocation: whoever may not relay yet has only short requests. */
const MAX_UNFINISHED = 8192;

/** Takes the clients of a TCP or TLS listener. */
export function acceptStreams(listener: StreamListener, host: ConnectionHost, clock: Clock): void {
  listener.onStream = (stream) => {
    if (host.connections.admits(stream.remote)) host.connections.add(new StreamConnection(stream, host, clock));
    else stream.close();
  };
}

/** One client by TCP or TLS. With a connection to a peer bound to it (RFC 6062) it becomes a mere stream. */
export class StreamConnection implements ClientConnection {
  readonly protocol = 'tcp';
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  activeAt: Instant;
  allocated = false;
  readonly #stream: ByteStream;
  readonly #host: ConnectionHost;
  readonly #clock: Clock;
  readonly #framer = new StreamFramer();
  #isOver = false;
  /** A ConnectionBind request is being answered: what follows it may be bytes for the peer (RFC 6062 §4.3). */
  #isHeld = false;

  constructor(stream: ByteStream, host: ConnectionHost, clock: Clock) {
    this.local = stream.local;
    this.remote = stream.remote;
    this.#stream = stream;
    this.#host = host;
    this.#clock = clock;
    this.activeAt = clock.now();
    stream.onData = (bytes) => this.#received(bytes);
    stream.onClose = () => this.#over();
  }

  transmit(slot: TransmitSlot): boolean {
    const stream = this.#stream;
    const { buffer, start, end } = slot;
    if (this.#isHeld && isBindError(buffer, start)) {
      this.#isHeld = false;
      queueMicrotask(() => this.#readMessages());
    }
    const waiting = stream.bufferedAmount;
    if (waiting > MAX_DATA_BUFFERED) {
      if (isData(buffer, start)) return false;
      if (waiting > MAX_BUFFERED) {
        this.close();
        return false;
      }
    }
    return stream.write(buffer, start, end);
  }

  close(): void {
    this.#stream.close();
    this.#over();
  }

  /** Gives the stream's callbacks away, with the bytes behind the last message. `close` is still to be called. */
  takeStream(): { readonly own: ByteStream; readonly rest: Uint8Array } {
    return { own: this.#stream, rest: this.#framer.takeRest() };
  }

  #received(bytes: Uint8Array): void {
    this.#framer.push(bytes);
    this.#readMessages();
  }

  #readMessages(): void {
    const framer = this.#framer;
    while (!this.#isHeld && !this.#isOver) {
      const message = framer.poll();
      if (message === undefined) break;
      // Only whole messages count: a byte now and then would hold a place for ever.
      this.activeAt = this.#clock.now();
      this.#isHeld = isBindRequest(message);
      this.#host.input(message, this);
    }
    const isTooLong = !this.allocated && !this.#isHeld && framer.waiting > MAX_UNFINISHED;
    if (framer.broken || isTooLong) this.close();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#host.connections.remove(this)) this.#host.gone(this);
  }
}

/** ChannelData, or a Data indication (0x0017): what a peer sent, and would have been lost on a full network. */
function isData(buffer: Uint8Array, start: number): boolean {
  const first = buffer[start] as number;
  return (first & 0xc0) === 0x40 || (first === 0 && buffer[start + 1] === 0x17);
}

/** A ConnectionBind request (0x000b), RFC 6062 §6.1. */
function isBindRequest(message: Uint8Array): boolean {
  return message[0] === 0 && message[1] === 0x0b;
}

/** A ConnectionBind error response (0x011b). */
function isBindError(buffer: Uint8Array, start: number): boolean {
  return buffer[start] === 1 && buffer[start + 1] === 0x1b;
}
