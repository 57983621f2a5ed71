import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { formatAddress } from '@kaon/wire';
import { familyOf, isUnspecified } from './addresses.ts';
import { spread } from './tcp/stack.ts';

interface SocketCarrier {
  send(bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): boolean;
  close(): void;
}

/** A simulated UDP socket. */
export class HostSocket implements UdpSocket {
  readonly interface = 'kaon:udp-socket/1' as const;
  readonly local: TransportAddress;
  /** Multicast group it has joined. */
  readonly group: string | undefined;
  /** Whether its port was bound to be shared. */
  readonly isShared: boolean;
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  #carrier: SocketCarrier | undefined;

  constructor(
    local: TransportAddress,
    { group, isShared }: { readonly group?: string; readonly isShared: boolean },
    carrier: SocketCarrier,
  ) {
    this.local = local;
    this.group = group;
    this.isShared = isShared;
    this.#carrier = carrier;
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, ecn: EcnCodepoint = 0): boolean {
    // A copy: the caller uses the buffer again.
    return this.#carrier?.send(buffer.slice(start, end), remote, ecn) ?? false;
  }

  close(): void {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    this.onDatagram = undefined;
    this.onError = undefined;
    carrier?.close();
  }
}

/** The UDP sockets of one host. Those that share a port stand together. */
export class UdpSockets {
  readonly #byAddress = new Map<string, HostSocket[]>();
  size = 0;

  add(socket: HostSocket): void {
    const key = formatAddress(socket.local);
    this.#byAddress.set(key, [...(this.#byAddress.get(key) ?? []), socket]);
    this.size++;
  }

  delete(socket: HostSocket): void {
    const key = formatAddress(socket.local);
    const sockets = this.#byAddress.get(key) ?? [];
    if (!sockets.includes(socket)) return;
    this.size--;
    if (sockets.length === 1) this.#byAddress.delete(key);
    else
      this.#byAddress.set(
        key,
        sockets.filter((one) => one !== socket),
      );
  }

  /** All that are bound to exactly this address. */
  at(local: TransportAddress): readonly HostSocket[] {
    return this.#byAddress.get(formatAddress(local)) ?? [];
  }

  isFree(address: string, port: number, isShared: boolean): boolean {
    const family = familyOf(address);
    for (const [first] of this.#byAddress.values()) {
      if (first === undefined || first.local.port !== port || first.local.family !== family) continue;
      if (isShared && first.isShared) continue;
      const bound = first.local.address;
      if (bound === address || isUnspecified(bound) || isUnspecified(address)) return false;
    }
    return true;
  }

  /** The socket that gets what `source` sends to `destination`. */
  receiver(destination: TransportAddress, source: TransportAddress): HostSocket | undefined {
    const exact = this.at(destination);
    const wildcard = destination.family === 'IPv4' ? '0.0.0.0' : '::';
    const sockets = exact.length > 0 ? exact : this.at({ ...destination, address: wildcard });
    return sockets[spread(source, sockets.length)];
  }

  /** The members of a group, on one interface, that get what is sent to `port`; undefined: to any. */
  members(group: string, port: number | undefined, interfaceAddress: string): HostSocket[] {
    const found: HostSocket[] = [];
    for (const sockets of this.#byAddress.values()) {
      for (const one of sockets) {
        if (one.group !== group || one.local.address !== interfaceAddress) continue;
        if (port === undefined || one.local.port === port) found.push(one);
      }
    }
    return found;
  }
}
