import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { RuntimeError } from '../errors.ts';

/** Bytes asked of the kernel for its buffers. It may grant less; a 200 KB default drops a burst of 100 packets. */
const KERNEL_BUFFER = 4 << 20;
/** Bytes waiting in the process before further datagrams are refused: the network is slower than the sender then. */
const MAX_QUEUED = 256 << 10;
/** Datagrams are sent out of blocks of this size. */
const BLOCK = 128 << 10;

/** Binds a UDP socket. Rejects with the platform's error when the address cannot be bound. */
export function bindUdpSocket(
  address: string,
  family: 'IPv4' | 'IPv6',
  port: number,
  reusePort: boolean,
): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const version = family === 'IPv4' ? 4 : 6;
    const socket = createSocket({
      type: version === 4 ? 'udp4' : 'udp6',
      ipv6Only: version === 6,
      reusePort,
      // Addresses are numeric: with this a send is done when it returns instead of waiting for a resolver's turn.
      lookup: (hostname, _options, callback) => callback(null, hostname, version),
    });
    socket.once('error', (error) => {
      closeQuietly(socket);
      reject(error);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(new NodeUdpSocket(socket, localOf(socket)));
    });
  });
}

/**
 * Where outgoing bytes rest while the kernel may still want them. One for all sockets, since nearly always a send is done when
 * it returns: a block of its own would be most of what an idle socket costs.
 */
let block = new Uint8Array(0);
let used = 0;

function newBlock(length: number): void {
  block = new Uint8Array(Math.max(BLOCK, length));
  used = 0;
}

/** A socket of `node:dgram`, bound. */
export class NodeUdpSocket implements UdpSocket {
  readonly interface = 'kaon:udp-socket/1';
  readonly local: TransportAddress;
  readonly receiveBufferSize: number | undefined;
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  readonly #socket: Socket;
  #closed = false;
  #queueing = false;

  constructor(socket: Socket, local: TransportAddress) {
    this.#socket = socket;
    this.local = local;
    this.receiveBufferSize = enlargeBuffers(socket);
    socket.on('message', (message, remote) => this.#received(message, remote));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#died(undefined));
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    if (this.#closed) return false;
    const socket = this.#socket;
    if (this.#queueing) {
      const queued = socket.getSendQueueSize();
      if (queued > MAX_QUEUED) return false;
      this.#queueing = queued > 0;
    }
    // The kernel takes the bytes at once, or, when its buffer is full, the platform reads them later: never from the caller's buffer.
    const length = end - start;
    if (used + length > block.length) newBlock(length);
    const at = used;
    block.set(buffer.subarray(start, end), at);
    try {
      socket.send(block, at, length, remote.port, remote.address);
    } catch {
      // Port 0, or an address of the other family on some platforms: this datagram is lost, the socket lives.
      return false;
    }
    if (!SENDS_AT_ONCE || socket.getSendQueueSize() > 0) {
      this.#queueing = SENDS_AT_ONCE;
      used = at + length;
    }
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onDatagram = undefined;
    this.onError = undefined;
    closeQuietly(this.#socket);
  }

  protected deliver(bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): void {
    this.onDatagram?.(bytes, remote, ecn);
  }

  #received(message: Uint8Array, remote: RemoteInfo): void {
    if (this.#closed) return;
    // Not a Buffer: its `slice` would share memory where every reader of a Uint8Array expects a copy.
    let bytes = new Uint8Array(message.buffer as ArrayBuffer, message.byteOffset, message.byteLength);
    // Deno gives a window of 64 KiB for every datagram, however short: whoever keeps one would keep all of that.
    if (message.buffer.byteLength > 2 * message.byteLength + 4096) bytes = bytes.slice();
    this.deliver(bytes, remote, 0);
  }

  #failed(error: Error): void {
    // What one destination answered, or would not take, says nothing about the socket (Bun reports it, Node on Windows too).
    const code = 'code' in error ? error.code : undefined;
    if (typeof code === 'string' && ABOUT_ONE_DESTINATION.has(code)) return;
    this.#died(error);
  }

  #died(cause: Error | undefined): void {
    if (this.#closed) return;
    const onError = this.onError;
    this.close();
    onError?.(new RuntimeError('RUNTIME_SOCKET_CLOSED', 'The socket was closed by the platform.', { cause }));
  }
}

const ABOUT_ONE_DESTINATION: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EPERM',
  'EACCES',
  'EADDRNOTAVAIL',
  'EINVAL',
  'EMSGSIZE',
  'ENOBUFS',
  'EAGAIN',
]);

/** Whether `send` is done with the bytes when it returns, unless a queue is reported. Deno's compatibility layer reads them later. */
const SENDS_AT_ONCE = !('Deno' in globalThis);

function localOf(socket: Socket): TransportAddress {
  const { address, family, port } = socket.address();
  return { address, family: family === 'IPv6' ? 'IPv6' : 'IPv4', port };
}

function enlargeBuffers(socket: Socket): number | undefined {
  try {
    socket.setSendBufferSize(KERNEL_BUFFER);
  } catch {
    // Not settable here (Deno); the kernel's default stays.
  }
  try {
    socket.setRecvBufferSize(KERNEL_BUFFER);
  } catch {
    // As above: what is in force is read back below.
  }
  try {
    const size = socket.getRecvBufferSize();
    if (!Number.isInteger(size) || size <= 0) return undefined;
    // Linux counts its own bookkeeping in, which takes about as much as the packets (socket(7), SO_RCVBUF).
    return process.platform === 'linux' || process.platform === 'android' ? size >>> 1 : size;
  } catch {
    return undefined;
  }
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It was closed already.
  }
}
