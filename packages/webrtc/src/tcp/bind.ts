import type { TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, InterfaceAddress, Network } from '@kaon/interface/network/v1';
import { TcpSocket, type TcpSocketType } from './tcp-socket.ts';

/** What `bindTcp` needs to know. */
export interface BindTcpOptions {
  readonly network: Network;
  readonly clock: Clock;
  /** Lowest and highest port to listen on. Default: any. */
  readonly portRange?: readonly [min: number, max: number] | undefined;
  /** Told that a connection could not be made or broke. */
  readonly onPathFailed: (local: TransportAddress, remote: TransportAddress) => void;
}

/** A socket for TCP candidates of one type at one address. Rejects when nothing can listen there, or the platform has no TCP. */
export async function bindTcp(
  type: TcpSocketType,
  { address, family }: Pick<InterfaceAddress, 'address' | 'family'>,
  { network, clock, portRange, onPathFailed }: BindTcpOptions,
): Promise<TcpSocket> {
  if (network.connectTcp === undefined || network.listenTcp === undefined) throw new Error('there is no TCP here');
  const listener = type === 'active' ? undefined : await network.listenTcp({ address, portRange });
  const local: TransportAddress = listener?.local ?? { address, family, port: DISCARD_PORT };
  return new TcpSocket({
    type,
    local,
    network,
    clock,
    listener,
    onPathFailed: (remote) => onPathFailed(local, remote),
  });
}

/** RFC 6544 §4.5: an active candidate has no port to connect to. */
const DISCARD_PORT = 9;
