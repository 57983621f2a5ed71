import type { Network, UdpSocket } from '@kaon/interface/network/v1';
import type { BindRelayEvent } from '../server/index.ts';

/** Even ports that are tried before a request for one fails. */
const EVEN_ATTEMPTS = 64;

/** Binds a relay socket as the core wants it. Rejects when no port is free. */
export function bindRelay(network: Network, order: BindRelayEvent): Promise<UdpSocket> {
  return bindPort(order, (where) => network.bindUdp(where));
}

/** The same for anything that is bound to an address and a port. */
export async function bindPort<T>(
  { address, port, portRange }: Pick<BindRelayEvent, 'address' | 'port' | 'portRange'>,
  bind: (where: {
    readonly address: string;
    readonly port?: number;
    readonly portRange?: readonly [min: number, max: number];
  }) => Promise<T>,
): Promise<T> {
  if (typeof port === 'number') return bind({ address, port });
  if (port === 'any') return bind({ address, portRange });
  const first = portRange[0] + (portRange[0] % 2);
  const count = Math.floor((portRange[1] - first) / 2) + 1;
  const start = Math.floor(Math.random() * count);
  let refused: unknown = new RangeError(`There is no even port from ${portRange[0]} to ${portRange[1]}.`);
  for (let i = 0; i < Math.min(count, EVEN_ATTEMPTS); i++) {
    try {
      return await bind({ address, port: first + 2 * ((start + i) % count) });
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}
