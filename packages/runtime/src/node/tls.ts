import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ByteStream, TlsClientOptions } from '@kaon/interface/network/v1';
import { addressFamily } from '@kaon/wire';
import { RuntimeError } from '../errors.ts';
import { NodeByteStream } from './byte-stream.ts';
import { duplexOf } from './duplex.ts';
import { givenUp, timedOut } from './tcp.ts';

/**
 * `Network.startTls` of Node, TLS 1.2 or later, on a stream of `connectTcp` or on any other. Rejects with `RUNTIME_SOCKET_CLOSED`
 * when the stream is over already.
 */
export function startTls(stream: ByteStream, options: TlsClientOptions): Promise<ByteStream> {
  const { hostname, trustedCertificates, verify = true, timeout = 10_000, signal } = options;
  return new Promise((resolve, reject) => {
    const { local, remote } = stream;
    const socket = stream instanceof NodeByteStream ? stream.release() : duplexOf(stream);
    if (socket === undefined) throw new RuntimeError('RUNTIME_SOCKET_CLOSED', 'The stream has ended before TLS began.');
    // What the socket below reports has its echo above; it must not go unheard in between.
    socket.on('error', () => {});
    const numeric = addressFamily(hostname) !== undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = (): void => failed(givenUp());
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const failed = (error: Error): void => {
      done();
      secured?.destroy();
      socket.destroy();
      reject(error);
    };
    let secured: Socket | undefined;
    try {
      secured = connectTls({
        socket: socket as Socket,
        host: hostname,
        // A numeric address is no name to send (RFC 6066 §3), yet it is compared.
        ...(!numeric && { servername: hostname }),
        rejectUnauthorized: verify,
        ...(trustedCertificates !== undefined && { ca: [...trustedCertificates] }),
      });
    } catch (error) {
      failed(error as Error);
      return;
    }
    const tls = secured;
    timer = setTimeout(() => failed(timedOut(remote)), timeout);
    signal?.addEventListener('abort', abort);
    tls.on('error', failed);
    // It may end without a word too.
    const ended = (): void =>
      failed(Object.assign(new Error('The stream ended during the TLS handshake.'), { code: 'ECONNRESET' }));
    tls.once('close', ended);
    tls.once('secureConnect', () => {
      done();
      tls.off('error', failed);
      tls.off('close', ended);
      resolve(new NodeByteStream(tls, local, remote));
    });
    if (signal?.aborted) abort();
  });
}
