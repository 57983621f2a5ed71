/** Who talks to us: allocations by the client's side of the 5-tuple. */
import type { Path } from '@kaon/interface/core/v1';
import { addressGroup } from '../address-group.ts';
import type { Allocation } from './allocation.ts';

/** One 5-tuple of an allocation. */
export interface ClientEntry {
  readonly path: Path;
  allocation: Allocation | undefined;
  /** The next entry with the same remote address and port, on another socket or protocol. */
  next: ClientEntry | undefined;
}

/** The table of 5-tuples: by address, then by port, so that no key has to be made for a packet. */
export class Clients {
  readonly #byAddress = new Map<string, Map<number, ClientEntry>>();
  readonly #perGroup = new Map<string, number>();

  find(path: Path): ClientEntry | undefined {
    const { remote } = path;
    let entry = this.#byAddress.get(remote.address)?.get(remote.port);
    while (entry !== undefined && !sameRoute(entry.path, path)) entry = entry.next;
    return entry;
  }

  /** Makes an entry for a path that has none. */
  add(path: Path): ClientEntry {
    const { address, port } = path.remote;
    let ports = this.#byAddress.get(address);
    if (ports === undefined) {
      ports = new Map();
      this.#byAddress.set(address, ports);
    }
    const entry: ClientEntry = { path, allocation: undefined, next: ports.get(port) };
    ports.set(port, entry);
    this.#count(address, 1);
    return entry;
  }

  remove(entry: ClientEntry): void {
    const { address, port } = entry.path.remote;
    const ports = this.#byAddress.get(address);
    const first = ports?.get(port);
    if (ports === undefined || first === undefined) return;
    if (first !== entry) {
      let before: ClientEntry = first;
      while (before.next !== undefined && before.next !== entry) before = before.next;
      if (before.next !== entry) return;
      before.next = entry.next;
    } else if (entry.next !== undefined) {
      ports.set(port, entry.next);
    } else {
      ports.delete(port);
      if (ports.size === 0) this.#byAddress.delete(address);
    }
    this.#count(address, -1);
  }

  /** 5-tuples with this remote address, for IPv6 those of its /64. */
  countOf(address: string): number {
    return this.#perGroup.get(addressGroup(address)) ?? 0;
  }

  #count(address: string, change: 1 | -1): void {
    const group = addressGroup(address);
    const count = (this.#perGroup.get(group) ?? 0) + change;
    if (count === 0) this.#perGroup.delete(group);
    else this.#perGroup.set(group, count);
  }
}

function sameRoute(a: Path, b: Path): boolean {
  return (
    a === b ||
    (a.protocol === b.protocol &&
      (a.local === b.local || (a.local.port === b.local.port && a.local.address === b.local.address)))
  );
}
