import type { Path } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { sameAddress } from '@kaon/wire';

type Ports = Map<number, UdpSocket>;

/** Sockets by protocol and local address: found in the same time however many there are, and without a key made of text. */
export class SocketTable {
  readonly #all = new Set<UdpSocket>();
  readonly #udp = new Map<string, Ports>();
  readonly #tcp = new Map<string, Ports>();
  /** Those with the address of one that came before: they take its place when it goes. */
  readonly #behind: UdpSocket[] = [];

  /** False: it is here already. */
  add(socket: UdpSocket): boolean {
    if (this.#all.has(socket)) return false;
    this.#all.add(socket);
    this.#place(socket);
    return true;
  }

  /** False: it is not here. */
  remove(socket: UdpSocket): boolean {
    if (!this.#all.delete(socket)) return false;
    const behind = this.#behind.indexOf(socket);
    if (behind >= 0) {
      this.#behind.splice(behind, 1);
      return true;
    }
    const { address, port } = socket.local;
    const table = this.#tableOf(protocolOf(socket));
    const ports = table.get(address);
    ports?.delete(port);
    if (ports?.size === 0) table.delete(address);
    const successor = this.#behind.findIndex(
      (one) => protocolOf(one) === protocolOf(socket) && sameAddress(one.local, socket.local),
    );
    const [next] = successor < 0 ? [] : this.#behind.splice(successor, 1);
    if (next !== undefined) this.#place(next);
    return true;
  }

  /** The socket that `path` begins at. */
  find({ protocol, local }: Path): UdpSocket | undefined {
    return this.#tableOf(protocol).get(local.address)?.get(local.port);
  }

  [Symbol.iterator](): Iterator<UdpSocket> {
    return this.#all.values();
  }

  #place(socket: UdpSocket): void {
    const { address, port } = socket.local;
    const table = this.#tableOf(protocolOf(socket));
    const ports: Ports = table.get(address) ?? new Map();
    if (ports.has(port)) {
      this.#behind.push(socket);
    } else {
      ports.set(port, socket);
      table.set(address, ports);
    }
  }

  #tableOf(protocol: 'udp' | 'tcp'): Map<string, Ports> {
    return protocol === 'tcp' ? this.#tcp : this.#udp;
  }
}

function protocolOf(socket: UdpSocket): 'udp' | 'tcp' {
  return socket.protocol ?? 'udp';
}
