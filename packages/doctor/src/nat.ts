import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { run } from '@kaon/runtime';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { BehaviorDiscovery, type NatBehavior, parseUri, StunError } from '@kaon/stun';
import { addressFamily, transportAddress } from '@kaon/wire';
import { routeTo } from './addresses.ts';

/** What `discoverNatBehavior` takes. */
export interface NatDiscoveryOptions {
  /** `stun:` URI of a server that supports RFC 5780: one with two addresses. */
  readonly server: string;
  /** Numeric address to ask from. Default: one that leads to the server. */
  readonly localAddress?: string | undefined;
  /** Family to find out about. Default IPv4, then IPv6. */
  readonly family?: 'IPv4' | 'IPv6' | undefined;
  /** Longest idle time in ms to try for the life of a mapping; it takes several times as long. Default: not measured. */
  readonly lifetimeUpTo?: number | undefined;
  /** Default: those of the process. */
  readonly network?: Network | undefined;
  readonly clock?: Clock | undefined;
  readonly crypto?: Pick<CryptoProvider, 'random'> | undefined;
}

/**
 * How the NAT between here and a server behaves (RFC 5780). Rejects with `StunError` when the server does not answer or does
 * not support it, with the platform's error when its name is not found or nothing can be bound.
 */
export async function discoverNatBehavior(options: NatDiscoveryOptions): Promise<NatBehavior> {
  const { network = nodeNetwork, clock = nodeClock, crypto = nodeCrypto, family, localAddress } = options;
  const { host, port, scheme } = parseUri(options.server);
  if (scheme !== 'stun') throw new StunError('STUN_INVALID_ARGUMENT', `${options.server} is no stun: server`);
  const addresses = await network.resolve(host, family);
  const ofFamily = (wanted: string): string | undefined => addresses.find((one) => addressFamily(one) === wanted);
  const wanted = localAddress === undefined ? undefined : addressFamily(localAddress);
  const address = wanted === undefined ? (ofFamily('IPv4') ?? ofFamily('IPv6')) : ofFamily(wanted);
  if (address === undefined) throw new StunError('STUN_INVALID_ARGUMENT', `${host} has no address of that family`);
  const server = transportAddress(address, port);
  const local = localAddress ?? routeTo(network, server)?.address;
  if (local === undefined) throw new StunError('STUN_INVALID_ARGUMENT', `nothing here leads to ${address}`);
  const sockets = [await network.bindUdp({ address: local })];
  try {
    sockets.push(await network.bindUdp({ address: local }));
    const [first, second] = sockets as [(typeof sockets)[0], (typeof sockets)[0]];
    const core = new BehaviorDiscovery({
      sockets: [first.local, second.local],
      server,
      random: crypto.random,
      now: clock.now(),
      lifetimeUpTo: options.lifetimeUpTo,
    });
    return await new Promise<NatBehavior>((resolve, reject) => {
      const driver = run(core, {
        clock,
        sockets,
        onEvent: (event) => {
          driver.stop();
          if (event.type === 'finished') resolve(event.behavior);
          else reject(event.error);
        },
      });
    });
  } finally {
    for (const socket of sockets) socket.close();
  }
}
