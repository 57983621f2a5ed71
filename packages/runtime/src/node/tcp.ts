import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, ConnectOptions, StreamListener, TlsServerOptions } from '@kaon/interface/network/v1';
import { addressFamily, formatAddress } from '@kaon/wire';
import { RuntimeError } from '../errors.ts';
import { NodeByteStream } from './byte-stream.ts';

/** Milliseconds a client may take over its TLS handshake. */
const HANDSHAKE_TIMEOUT = 10_000;
/** TLS handshakes under way on one listener; the oldest gives way. Whoever takes the streams does not see these, and cannot bound them. */
const MAX_HANDSHAKES = 1024;

/**
 * `Network.connectTcp` of Node: Nagle's algorithm is off. Rejects with the platform's error, `ETIMEDOUT` after `timeout`, or
 * `ABORT_ERR` when `signal` gives it up.
 */
export function connectTcp({ remote, local, timeout = 10_000, signal }: ConnectOptions): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    checkNumeric(remote.address);
    if (local !== undefined) checkNumeric(local.address);
    const socket = connect({
      host: remote.address,
      port: remote.port,
      noDelay: true,
      ...(local !== undefined && { localAddress: local.address }),
      ...(local?.port !== undefined && local.port !== 0 && { localPort: local.port }),
    });
    const timer = setTimeout(() => socket.destroy(timedOut(remote)), timeout);
    const abort = (): void => void socket.destroy(givenUp());
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const failed = (error: Error): void => {
      done();
      reject(error);
    };
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    socket.once('error', failed);
    socket.once('connect', () => {
      done();
      socket.off('error', failed);
      resolve(new NodeByteStream(socket, localOf(socket), remoteOf(socket)));
    });
  });
}

/**
 * A connected socket of `node:net` or `node:tls` that was opened elsewhere, such as through a proxy, as a stream: what a `Dialer`
 * gives. It takes the socket over. Throws `RuntimeError` `RUNTIME_BAD_ADDRESS` on a socket that is not connected.
 */
export function byteStream(socket: Socket): ByteStream {
  if (socket.remoteAddress === undefined)
    throw new RuntimeError('RUNTIME_BAD_ADDRESS', 'The socket is not connected: it has no remote address.');
  socket.setNoDelay(true);
  return new NodeByteStream(socket, localOf(socket), remoteOf(socket));
}

/** Listens for streams. Rejects with the platform's error when the address cannot be bound. */
export function listenOn(
  address: string,
  family: 'IPv4' | 'IPv6',
  port: number,
  options: { readonly reusePort: boolean; readonly tls: TlsServerOptions | undefined },
): Promise<StreamListener> {
  return new Promise((resolve, reject) => {
    const { tls, reusePort } = options;
    const server =
      tls === undefined
        ? createServer({ noDelay: true })
        : createTlsServer({
            noDelay: true,
            cert: tls.certificate,
            key: tls.privateKey,
            handshakeTimeout: HANDSHAKE_TIMEOUT,
          });
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true, ipv6Only: family === 'IPv6', reusePort }, () => {
      server.off('error', reject);
      resolve(new NodeStreamListener(server, tls !== undefined));
    });
  });
}

class NodeStreamListener implements StreamListener {
  readonly interface = 'kaon:stream-listener/1';
  readonly local: TransportAddress;
  onStream: ((stream: ByteStream) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  readonly #server: Server;
  /** Sockets whose TLS handshake is under way, by their remote ends. */
  readonly #handshakes = new Map<string, Socket>();
  #closed = false;

  constructor(server: Server, tls: boolean) {
    this.#server = server;
    const bound = server.address() as { readonly address: string; readonly family: string; readonly port: number };
    this.local = { address: bound.address, family: bound.family === 'IPv6' ? 'IPv6' : 'IPv4', port: bound.port };
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#accepted(socket));
    if (tls) server.on('connection', (socket: Socket) => this.#shakesHands(socket));
    if (tls) server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
    server.on('error', (error) => this.#failed(error));
    server.on('close', () => this.#died(undefined));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onStream = undefined;
    this.onError = undefined;
    this.#server.close();
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  #shakesHands(socket: Socket): void {
    // Before its handshake is through a socket is nobody's: what breaks there must not become an uncaught exception.
    socket.on('error', () => {});
    const remote = endOf(socket);
    if (this.#handshakes.size >= MAX_HANDSHAKES) {
      const [[oldest, longest] = []] = this.#handshakes;
      if (oldest !== undefined) this.#handshakes.delete(oldest);
      longest?.destroy();
    }
    this.#handshakes.set(remote, socket);
    socket.on('close', () => {
      if (this.#handshakes.get(remote) === socket) this.#handshakes.delete(remote);
    });
  }

  #accepted(socket: Socket): void {
    this.#handshakes.delete(endOf(socket));
    if (this.onStream === undefined || socket.remoteAddress === undefined) {
      // Gone before it was taken, or nobody wants it.
      socket.on('error', () => {});
      socket.destroy();
    } else {
      this.onStream(new NodeByteStream(socket, localOf(socket), remoteOf(socket)));
    }
  }

  /** What one connection ran into, such as too many open files, says nothing about the listener. */
  #failed(error: Error): void {
    if (!this.#server.listening) this.#died(error);
  }

  #died(cause: Error | undefined): void {
    if (this.#closed) return;
    const onError = this.onError;
    this.close();
    onError?.(new RuntimeError('RUNTIME_SOCKET_CLOSED', 'The listener was closed by the platform.', { cause }));
  }
}

/** An error as the platform gives it when nobody answers. */
export function timedOut(remote: TransportAddress): Error {
  return Object.assign(new Error(`connect ETIMEDOUT ${formatAddress(remote)}`), { code: 'ETIMEDOUT' });
}

/** An error as the platform gives it when an `AbortSignal` fires. */
export function givenUp(): Error {
  return Object.assign(new Error('The operation was aborted.'), { code: 'ABORT_ERR' });
}

function checkNumeric(address: string): void {
  if (addressFamily(address) === undefined) {
    throw new RuntimeError('RUNTIME_BAD_ADDRESS', `${address} is not a numeric IP address.`);
  }
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remotePort} ${remoteAddress}`;
}

function localOf(socket: Socket): TransportAddress {
  const address = socket.localAddress ?? '';
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: socket.localPort ?? 0 };
}

function remoteOf(socket: Socket): TransportAddress {
  const address = socket.remoteAddress ?? '';
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: socket.remotePort ?? 0 };
}
