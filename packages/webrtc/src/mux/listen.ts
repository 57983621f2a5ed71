import type { Clock, InterfaceAddress, Network } from '@kaon/interface/network/v1';
import { nodeClock, nodeNetwork } from '@kaon/runtime/node';
import { canonicalAddress, isUnspecified } from '@kaon/wire';
import { localAddresses } from '../gathering/addresses.ts';
import { MuxError } from './errors.ts';

/** Where a shared port listens. */
export interface ListenAddresses {
  /**
   * Numeric addresses to listen on, each a candidate of every connection; 0.0.0.0 and :: are none. Default: those of all
   * interfaces, without loopback and link-local ones unless there is nothing else.
   */
  readonly addresses?: readonly string[] | undefined;
  /** The port, the same on all addresses. 0 or undefined: any that is free on all. */
  readonly port?: number | undefined;
  /** Also listens on loopback addresses. Default false. */
  readonly includeLoopback?: boolean | undefined;
  /** Families to listen on. Default both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[] | undefined;
  /** Which addresses of which interfaces to listen on. Default: all. */
  readonly interfaceFilter?: ((address: InterfaceAddress) => boolean) | undefined;
  /** Sockets, names and interfaces. Default: those of the process. */
  readonly network?: Network | undefined;
  /** Time. Default: that of the process. */
  readonly clock?: Clock | undefined;
}

/** Something bound, and the interface it is on. */
export interface Bound<S> {
  readonly socket: S;
  readonly network: InterfaceAddress;
}

/** Network and clock of the options, or the process's. */
export function platformOf(options: { readonly network?: Network | undefined; readonly clock?: Clock | undefined }): {
  readonly network: Network;
  readonly clock: Clock;
} {
  return { network: options.network ?? nodeNetwork, clock: options.clock ?? nodeClock };
}

/** Binds all addresses to one port, or none: rejects with the platform's error, or with MuxError `MUX_NO_ADDRESS`. */
export async function bindAll<
  S extends { readonly local: { readonly address: string; readonly port: number }; close(): void },
>(
  options: ListenAddresses,
  network: Network,
  bind: (address: string, port: number) => Promise<S>,
): Promise<readonly Bound<S>[]> {
  const { addresses, includeLoopback, families, interfaceFilter } = options;
  const wanted = localAddresses(network.interfaces(), {
    bindAddresses: addresses?.map((address) => canonicalAddress(address) ?? address),
    includeLoopback,
    families,
    interfaceFilter,
  });
  for (const { address } of wanted) {
    if (isUnspecified(address)) {
      throw new MuxError(
        'MUX_NO_ADDRESS',
        `${address} names no interface; list the addresses, or leave them out for all`,
      );
    }
  }
  if (wanted.length === 0) throw new MuxError('MUX_NO_ADDRESS', 'there is no address to listen on');
  const port = options.port ?? 0;
  for (let attempt = 1; ; attempt++) {
    const bound: Bound<S>[] = [];
    try {
      for (const one of wanted) {
        // The first address finds the port, the others follow.
        const socket = await bind(one.address, bound[0]?.socket.local.port ?? port);
        bound.push({ socket, network: one });
      }
      return bound;
    } catch (error) {
      for (const { socket } of bound) socket.close();
      // A port that was free on the first address need not be so on the next.
      if (port !== 0 || bound.length === 0 || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

const MAX_ATTEMPTS = 16;
