import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { MulticastOptions, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily, equalBytes } from '@kaon/wire';
import { RuntimeError } from '../errors.ts';
import { interfaces } from './interfaces.ts';
import { NodeUdpSocket } from './udp-socket.ts';

/** `Network.bindMulticast` of Node. `local` is the interface's address, from which datagrams leave. */
export function bindMulticast({ group, port, interfaceAddress }: MulticastOptions): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const family = addressFamily(interfaceAddress);
    if (family === undefined || family !== addressFamily(group)) {
      throw new RuntimeError(
        'RUNTIME_BAD_ADDRESS',
        `${group} and ${interfaceAddress} are not numeric addresses of one family.`,
      );
    }
    const version = family === 'IPv4' ? 4 : 6;
    const socket = createSocket({
      type: version === 4 ? 'udp4' : 'udp6',
      ipv6Only: version === 6,
      reuseAddr: true,
      lookup: (hostname, _options, callback) => callback(null, hostname, version),
    });
    const failed = (error: unknown): void => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      try {
        socket.close();
      } catch {
        // It was closed already.
      }
      reject(error);
    };
    socket.once('error', failed);
    // To the wildcard: a socket that is bound to one address gets no multicast on most platforms.
    socket.bind({ port, exclusive: true }, () => {
      try {
        join(socket, group, version === 4 ? interfaceAddress : scoped(interfaceAddress));
      } catch (error) {
        failed(error);
        return;
      }
      socket.removeAllListeners('error');
      resolve(new MulticastSocket(socket, { address: interfaceAddress, family, port: socket.address().port }));
    });
  });
}

function join(socket: Socket, group: string, multicastInterface: string): void {
  socket.addMembership(group, multicastInterface);
  socket.setMulticastInterface(multicastInterface);
  // Groups of the link are sent to with 255 (RFC 6762 §11); others must not leave it either.
  const linkLocal = group.startsWith('224.0.0.') || /^ff[0-9a-f]2:/i.test(group);
  socket.setMulticastTTL(linkLocal ? 255 : 1);
  if (linkLocal) socket.setTTL(255);
}

/** The interface of an IPv6 address as `node:dgram` names it: `::%eth0`, on Windows `::%12`. */
function scoped(interfaceAddress: string): string {
  const at = interfaceAddress.indexOf('%');
  if (at >= 0) return `::${interfaceAddress.slice(at)}`;
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const found = addresses?.find(({ address }) => address === interfaceAddress);
    if (found === undefined) continue;
    const byNumber = process.platform === 'win32' && found.family === 'IPv6';
    return `::%${byNumber ? found.scopeid : name}`;
  }
  return '::';
}

/**
 * Does not hear itself. The loop-back of the platform has to stay on, because others on this machine are to hear, and share
 * address and port: so each datagram sent is expected once, for a moment, and left out when it comes.
 */
class MulticastSocket extends NodeUdpSocket {
  /** Of its interface: the platform may send from another one, such as a link-local one to a group of the link. */
  readonly #addresses: readonly string[];
  readonly #echoes: { readonly bytes: Uint8Array; readonly until: number }[] = [];

  constructor(socket: Socket, local: TransportAddress) {
    super(socket, local);
    const all = interfaces();
    const own = all.find(({ address }) => address === local.address);
    this.#addresses = all.filter(({ name }) => name === own?.name).map(({ address }) => address);
  }

  override send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    const sent = super.send(buffer, start, end, remote);
    if (sent && remote.port === this.local.port) {
      if (this.#echoes.length === MAX_ECHOES) this.#echoes.shift();
      this.#echoes.push({ bytes: buffer.slice(start, end), until: performance.now() + ECHO_TIME });
    }
    return sent;
  }

  protected override deliver(bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): void {
    if (!this.#isEcho(bytes, remote)) super.deliver(bytes, remote, ecn);
  }

  #isEcho(bytes: Uint8Array, { address, port }: TransportAddress): boolean {
    if (this.#echoes.length === 0 || port !== this.local.port || !this.#addresses.includes(address)) return false;
    const now = performance.now();
    while (this.#echoes.length > 0 && this.#echoes[0]!.until < now) this.#echoes.shift();
    const index = this.#echoes.findIndex((one) => equalBytes(one.bytes, bytes));
    if (index >= 0) this.#echoes.splice(index, 1);
    return index >= 0;
  }
}

/** Datagrams of its own that a socket remembers. */
const MAX_ECHOES = 64;
/** Milliseconds in which the platform gives a datagram back, if it does. */
const ECHO_TIME = 1000;
