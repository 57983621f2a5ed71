import type { Path, TransportAddress } from '@kaon/interface/core/v1';

/**
 * Paths from one socket to the remotes that it heard last, so that a datagram costs a comparison and not an object. A remote
 * that fell out gets a new object with the same content.
 */
export class PathCache {
  readonly #local: TransportAddress;
  readonly #mask: number;
  readonly #entries: (Path | undefined)[] = [];

  /** `size` is a power of two. */
  constructor(local: TransportAddress, size: number) {
    this.#local = local;
    this.#mask = size - 1;
  }

  path(remote: TransportAddress): Path {
    const { address, port } = remote;
    // Clients of one address differ in port, clients behind many addresses in the last digits.
    const index =
      (port ^ (address.charCodeAt(address.length - 1) * 7) ^ (address.charCodeAt(address.length - 2) * 31)) &
      this.#mask;
    const found = this.#entries[index];
    if (found !== undefined && found.remote.port === port && found.remote.address === address) return found;
    const path: Path = { protocol: 'udp', local: this.#local, remote: { address, family: remote.family, port } };
    this.#entries[index] = path;
    return path;
  }
}
