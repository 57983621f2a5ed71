import type { TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { addressFamily, isUnspecified, transportAddress } from '@kaon/wire';
import { TurnError } from '../errors.ts';
import type { AllocateRequest, Alternate, TurnServerOptions } from '../server/index.ts';
import { perFamily, type ResolvedListener, relayAddressesFor, resolveListeners } from './addresses.ts';
import type { TurnServerSettings } from './options.ts';
import { VERSION } from './version.ts';

/** The core's options for these settings. Throws RangeError or `TurnError` on what makes no sense. */
export function coreOptions(
  settings: TurnServerSettings,
  platform: {
    readonly network: Network;
    readonly clock: Clock;
    readonly crypto: CryptoProvider;
    readonly authenticate: NonNullable<TurnServerOptions['authenticate']>;
    readonly permit: ((username: string, peer: TransportAddress) => boolean) | undefined;
  },
): TurnServerOptions {
  const { network, clock, crypto } = platform;
  const listeners = resolveListeners(settings.listeners, network);
  for (const address of [...(settings.relayAddresses ?? []), ...(settings.externalAddresses ?? [])]) {
    if (addressFamily(address) === undefined) {
      throw new TurnError('TURN_INVALID_ARGUMENT', `${address} is not a numeric IP address.`);
    }
  }
  return {
    realm: settings.realm,
    random: crypto.random,
    crypto,
    wallClock: (now) => clock.wallClock() + (now - clock.now()),
    relayAddress: relayAddressesFor(settings.relayAddresses, listeners, network),
    externalAddress: perFamily(settings.externalAddresses ?? []),
    relayPorts: settings.relayPorts,
    authenticate: platform.authenticate,
    secrets: settings.secrets,
    oauth: settings.oauth,
    permit: platform.permit,
    allowedPeers: settings.allowedPeers,
    deniedPeers: [...(settings.deniedPeers ?? []), ...machineAddresses(listeners, network)],
    nonceLifetime: settings.nonceLifetime,
    smallRequests: settings.smallRequests,
    smallAnswersPerSecond: settings.smallAnswersPerSecond,
    defaultLifetime: Math.min(settings.maxLifetime ?? DEFAULT_LIFETIME, DEFAULT_LIFETIME),
    maxLifetime: settings.maxLifetime,
    maxAllocations: settings.maxAllocations,
    maxAllocationsPerUser: settings.maxAllocationsPerUser,
    maxAllocationsPerAddress: settings.maxAllocationsPerAddress,
    maxPermissions: settings.maxPermissions,
    maxChannels: settings.maxChannels,
    allocationBandwidth: settings.allocationBandwidth,
    userBandwidth: settings.userBandwidth,
    stunBinding: settings.stunBinding,
    mobility: settings.mobility ?? false,
    tcpRelay: settings.tcpRelay ?? false,
    software: settings.announceSoftware === false ? undefined : SOFTWARE,
    alternateServer: alternates(settings.alternateServers ?? []),
  };
}

/** Where this machine is itself: over the relays nobody gets behind its own firewall. Relays among them can be reached all the same. */
function machineAddresses(listeners: readonly ResolvedListener[], network: Network): readonly string[] {
  const all = [...listeners, ...network.interfaces()].map(({ address }) => address.split('%', 1)[0] as string);
  return [...new Set(all)].filter((address) => !isUnspecified(address));
}

/** One server after the other, of the family that the client came by (RFC 8489 §10). */
function alternates(
  servers: readonly { readonly address: string; readonly port: number }[],
): ((request: AllocateRequest) => Alternate | undefined) | undefined {
  if (servers.length === 0) return undefined;
  const all = servers.map(({ address, port }) => transportAddress(address, port));
  let next = 0;
  return ({ client }) => {
    for (let i = 0; i < all.length; i++) {
      const address = all[next++ % all.length] as TransportAddress;
      if (address.family === client.remote.family) return { address };
    }
    return undefined;
  };
}

const SOFTWARE = `Kaon ${VERSION}`;
/** RFC 8656 §7.2. */
const DEFAULT_LIFETIME = 600_000;
