import type { SelectedPair } from '@kaon/ice';
import type { Network } from '@kaon/interface/network/v1';
import { isLoopback } from '@kaon/wire';

/**
 * Largest UDP payload in bytes that is worth looking for on a pair; `certain` is what fits every path. Sockets cannot forbid
 * fragmentation here, so a probe that was cut on its way and put together again looks like one that fitted: beyond the link's MTU
 * only paths inside this machine are probed, where nothing is cut below 64 KiB.
 */
export function largestDatagram(pair: SelectedPair, network: Pick<Network, 'interfaces'>, certain: number): number {
  const { local, remote, path } = pair;
  // What a relay sends on takes a path that nobody here knows, and TCP cuts as it likes.
  if (path.protocol !== 'udp' || local.type === 'relay' || remote.type === 'relay') return certain;
  const here = unzoned(path.local.address);
  const there = unzoned(path.remote.address);
  if (here === there || isLoopback(there)) return LARGEST;
  const own = network.interfaces();
  if (own.some(({ address }) => unzoned(address) === there)) return LARGEST;
  const mtu = own.find(({ address }) => unzoned(address) === here)?.mtu ?? 0;
  const headers = path.remote.family === 'IPv4' ? 28 : 48;
  return Math.max(Math.min(mtu, ETHERNET_MTU) - headers, certain);
}

/** Bytes of the largest UDP payload there is. */
const LARGEST = 65_507;
/** Jumbo frames end at the first router. */
const ETHERNET_MTU = 1500;

function unzoned(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
