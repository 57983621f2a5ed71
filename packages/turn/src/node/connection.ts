import type { Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import { addressGroup } from '../address-group.ts';

/**
 * A client that has a connection of its own: TCP, TLS or DTLS. It is the `path` that the core is given, and so it is found
 * again without a look-up when the core answers on that path.
 */
export interface ClientConnection extends Path {
  /** Sends the message in `slot`, which has room for a record around it. False: it is lost. */
  transmit(slot: TransmitSlot, now: Instant): boolean;
  /** When the client last said anything. */
  readonly activeAt: Instant;
  /** Whether it holds an allocation, and so is not idle. Kept by the server. */
  allocated: boolean;
  /** Ends it; the table forgets it. Idempotent. */
  close(): void;
}

/** Where a listener hands on what its clients say. */
export interface ConnectionHost {
  readonly connections: ConnectionTable;
  /** One message of a client. The bytes change owner. */
  input(bytes: Uint8Array, connection: ClientConnection): void;
  /** A connection is gone; it has left the table. */
  gone(connection: ClientConnection): void;
}

/** Bounds of `ConnectionTable`. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
  /** Milliseconds that a connection without allocation may be silent. */
  readonly idle: number;
}

/** All connections of a server, bounded altogether and for each address. */
export class ConnectionTable {
  refused = 0;
  readonly #limits: ConnectionLimits;
  readonly #all = new Map<string, ClientConnection>();
  readonly #perAddress = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Whether one more from this address may come. A refusal is counted. */
  admits(remote: TransportAddress): boolean {
    const { total, perAddress } = this.#limits;
    if (this.#all.size < total && (this.#perAddress.get(addressGroup(remote.address)) ?? 0) < perAddress) return true;
    this.refused++;
    return false;
  }

  add(connection: ClientConnection): void {
    const address = addressGroup(connection.remote.address);
    this.#all.set(key(connection), connection);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  /** False when it was not in the table (any more). */
  remove(connection: ClientConnection): boolean {
    const name = key(connection);
    if (this.#all.get(name) !== connection) return false;
    this.#all.delete(name);
    const address = addressGroup(connection.remote.address);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
    return true;
  }

  /** The connection with the ends of this path. */
  find(path: Path): ClientConnection | undefined {
    return this.#all.get(key(path));
  }

  /** Closes those that were silent for too long and hold nothing. */
  sweep(now: Instant): void {
    for (const connection of [...this.#all.values()]) {
      if (!connection.allocated && now - connection.activeAt >= this.#limits.idle) connection.close();
    }
  }

  closeAll(): void {
    for (const connection of [...this.#all.values()]) connection.close();
  }
}

function key({ protocol, local, remote }: Path): string {
  return `${protocol} ${local.address} ${local.port} ${remote.address} ${remote.port}`;
}
