import { Deframer } from '@kaon/ice';
import type { ByteStream } from '@kaon/interface/network/v1';
import { writeU16 } from '@kaon/wire';

/** A TCP connection that carries datagrams, each behind its length (RFC 4571 §2). */
export class FramedStream {
  readonly stream: ByteStream;
  readonly #deframer = new Deframer();

  /** Takes the stream over. `onDatagram` gets what arrives; `onClose` hears once that the peer or the network ended it. */
  constructor(
    stream: ByteStream,
    onDatagram: (bytes: Uint8Array) => void,
    onClose: (error: Error | undefined) => void,
  ) {
    this.stream = stream;
    stream.onClose = onClose;
    stream.onData = (bytes) => {
      for (const datagram of this.#deframer.push(bytes)) onDatagram(datagram);
    };
  }

  /** False: it was lost, because the stream is closed or the network is slower than what is sent, as with UDP. */
  send(buffer: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length > MAX_DATAGRAM || this.stream.bufferedAmount > MAX_BUFFERED) return false;
    writeU16(scratch, 0, length);
    scratch.set(buffer.subarray(start, end), 2);
    return this.stream.write(scratch, 0, 2 + length);
  }

  close(): void {
    this.stream.close();
  }
}

const MAX_DATAGRAM = 0xffff;
/** Bytes that wait in the process before datagrams are dropped: more would be delay and nothing else. */
const MAX_BUFFERED = 256 << 10;
/** Length and datagram leave in one piece. A stream keeps nothing of it. */
const scratch = new Uint8Array(2 + MAX_DATAGRAM);
