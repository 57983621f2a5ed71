import type { Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily, sameAddress } from '@kaon/wire';
import type { RelayProtocol } from './types.ts';

/** What carries messages between us and one TURN server. */
export interface Carrier {
  readonly protocol: RelayProtocol;
  /** From our socket to the server; `tcp` when messages are pieces of a stream. */
  readonly path: Path;
  /** Bytes to leave free in front of and behind a message. */
  readonly headroom: number;
  readonly tailroom: number;
  readonly receiveBufferSize: number | undefined;
  /**
   * Sends what is in the slot, and may write to all of its buffer. False: it is lost, as what is no control message may be
   * on a slow connection.
   */
  send(slot: TransmitSlot, isControl: boolean): boolean;
  /** Called with what the server sent: a message, or a piece of a stream. */
  onReceive: ((bytes: Uint8Array) => void) | undefined;
  /** Called once when nothing can come any more. */
  onLost: ((error: Error) => void) | undefined;
  /** Idempotent; no callback follows. */
  close(): void;
}

/** Datagrams as they are. */
export class UdpCarrier implements Carrier {
  readonly protocol = 'udp';
  readonly headroom = 0;
  readonly tailroom = 0;
  readonly path: Path;
  onReceive: ((bytes: Uint8Array) => void) | undefined = undefined;
  onLost: ((error: Error) => void) | undefined = undefined;
  readonly #socket: UdpSocket;

  constructor(socket: UdpSocket, server: TransportAddress) {
    this.#socket = socket;
    this.path = { protocol: 'udp', local: socket.local, remote: server };
    socket.onDatagram = (bytes, remote) => {
      if (sameAddress(remote, server)) this.onReceive?.(bytes);
    };
    socket.onError = (error) => this.onLost?.(error);
    socket.prefer?.(server);
  }

  get receiveBufferSize(): number | undefined {
    return this.#socket.receiveBufferSize;
  }

  send(slot: TransmitSlot): boolean {
    return this.#socket.send(slot.buffer, slot.start, slot.end, this.path.remote);
  }

  close(): void {
    this.#socket.close();
  }
}

/** A stream, plain or under TLS. */
export class StreamCarrier implements Carrier {
  readonly protocol: 'tcp' | 'tls';
  readonly headroom = 0;
  readonly tailroom = 0;
  readonly receiveBufferSize = undefined;
  readonly path: Path;
  onLost: ((error: Error) => void) | undefined = undefined;
  readonly #stream: ByteStream;

  /** `from` is the local address, for streams that do not know it because they go through a proxy. */
  constructor(protocol: 'tcp' | 'tls', stream: ByteStream, from: string, server: TransportAddress) {
    const { local } = stream;
    const isKnown = local.family === server.family && addressFamily(local.address) === local.family;
    this.protocol = protocol;
    this.path = {
      protocol: 'tcp',
      local: isKnown ? local : { address: from, family: server.family, port: local.port },
      remote: server,
    };
    this.#stream = stream;
    stream.onClose = (error) => this.onLost?.(error ?? new Error('the server closed the connection'));
  }

  get onReceive(): ((bytes: Uint8Array) => void) | undefined {
    return this.#stream.onData;
  }

  /** What comes before it is set waits in the stream. */
  set onReceive(callback: ((bytes: Uint8Array) => void) | undefined) {
    this.#stream.onData = callback;
  }

  send(slot: TransmitSlot, isControl: boolean): boolean {
    // Datagrams that wait long are worth less than those that are lost: whoever sends too fast has to notice.
    if (!isControl && this.#stream.bufferedAmount > MAX_BUFFERED) return false;
    return this.#stream.write(slot.buffer, slot.start, slot.end);
  }

  close(): void {
    this.#stream.onData = undefined;
    this.#stream.onClose = undefined;
    this.#stream.close();
  }
}

/** Bytes that may wait in the platform for a slow connection. */
const MAX_BUFFERED = 256 * 1024;
