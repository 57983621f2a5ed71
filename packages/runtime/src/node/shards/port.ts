import type { InterfaceAddress, Network, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily, canonicalAddress, isLinkLocal, isLoopback, isUnspecified } from '@kaon/wire';
import { RuntimeError } from '../../errors.ts';
import type { ShardMode } from './types.ts';

/** The addresses to listen on and their interfaces. Throws RuntimeError `RUNTIME_BAD_ADDRESS`. */
export function networksOf(
  addresses: readonly string[] | undefined,
  network: Pick<Network, 'interfaces'>,
): readonly InterfaceAddress[] {
  const all = network.interfaces();
  if (addresses === undefined) {
    const global = all.filter(({ address, internal }) => !internal && !isLoopback(address) && !isLinkLocal(address));
    return global.length > 0 ? global : all.filter(({ address }) => isLoopback(address));
  }
  return addresses.map((text) => {
    const address = canonicalAddress(text);
    const family = address === undefined ? undefined : addressFamily(address);
    if (address === undefined || family === undefined || isUnspecified(address)) {
      throw new RuntimeError('RUNTIME_BAD_ADDRESS', `${text} is not the numeric address of an interface.`);
    }
    return all.find((one) => one.address === address) ?? { name: '', address, family, internal: isLoopback(address) };
  });
}

/** The sockets of the main thread: those that hand over, or those that keep the port until the shards have theirs. */
export async function bindPort(
  networks: readonly InterfaceAddress[],
  port: number,
  mode: ShardMode | 'auto',
  network: Pick<Network, 'bindUdp'>,
): Promise<{ readonly mode: ShardMode; readonly sockets: readonly UdpSocket[] }> {
  if (networks.length === 0) throw new RuntimeError('RUNTIME_BAD_ADDRESS', 'There is no address to listen on.');
  if (mode !== 'auto') return { mode, sockets: await bindAll(networks, port, mode === 'reusePort', network) };
  try {
    return { mode: 'reusePort', sockets: await bindAll(networks, port, true, network) };
  } catch (error) {
    if (!CANNOT_SHARE.has((error as { readonly code?: unknown }).code)) throw error;
    return { mode: 'handover', sockets: await bindAll(networks, port, false, network) };
  }
}

async function bindAll(
  networks: readonly InterfaceAddress[],
  port: number,
  reusePort: boolean,
  network: Pick<Network, 'bindUdp'>,
): Promise<UdpSocket[]> {
  const sockets: UdpSocket[] = [];
  try {
    for (const { address } of networks) {
      sockets.push(await network.bindUdp({ address, port: sockets[0]?.local.port ?? port, reusePort }));
    }
    return sockets;
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
}

/** What platforms say that have no SO_REUSEPORT, or none that spreads what comes. */
const CANNOT_SHARE: ReadonlySet<unknown> = new Set(['RUNTIME_NO_PORT_SHARING', 'ENOTSUP', 'EOPNOTSUPP', 'ENOPROTOOPT']);
