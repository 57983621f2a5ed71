import { Duplex } from 'node:stream';
import type { ByteStream } from '@kaon/interface/network/v1';

/** A foreign stream, such as one that a proxy's dialer opened, as Node's TLS wants it. It takes the stream's callbacks. */
export function duplexOf(stream: ByteStream): Duplex {
  let written: (() => void) | undefined;
  const duplex = new Duplex({
    allowHalfOpen: false,
    read: () => listen(),
    write: (chunk: Uint8Array, _encoding, done) => {
      if (!stream.write(chunk, 0, chunk.length)) done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      else if (stream.bufferedAmount === 0) done();
      else written = done;
    },
    final: (done) => {
      stream.close();
      done();
    },
    destroy: (error, done) => {
      stream.close();
      done(error);
    },
  });
  const listen = (): void => {
    stream.onData ??= (bytes) => {
      // Full: what comes now waits below until `read` is called.
      if (!duplex.push(bytes)) stream.onData = undefined;
    };
  };
  stream.onDrain = () => {
    const done = written;
    written = undefined;
    done?.();
  };
  stream.onClose = (error) => {
    if (error === undefined) duplex.push(null);
    else duplex.destroy(error);
  };
  return duplex;
}
