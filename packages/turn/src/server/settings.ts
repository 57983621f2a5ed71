/** Options with their defaults filled in and their mistakes found. */
import type { Instant } from '@kaon/interface/core/v1';
import { defaultCrypto } from '@kaon/stun';
import { addressFamily, canonicalAddress, encodeUtf8 } from '@kaon/wire';
import { TurnError } from '../errors.ts';
import type { AddressPerFamily, TurnServerCrypto, TurnServerOptions } from './options.ts';

/** What the parts of a server go by. */
export interface Settings extends TurnServerOptions {
  readonly externalAddress: AddressPerFamily;
  readonly relayPorts: readonly [number, number];
  readonly secrets: readonly string[];
  readonly wallClock: (now: Instant) => number;
  readonly maxAuthenticating: number;
  readonly smallRequests: 'shortest' | 'full' | 'nothing';
  readonly smallAnswersPerSecond: number;
  readonly deniedPeers: readonly string[];
  readonly allowedPeers: readonly string[];
  readonly maxAllocations: number;
  readonly maxAllocationsPerUser: number;
  readonly maxAllocationsPerAddress: number;
  readonly maxPermissions: number;
  readonly maxChannels: number;
  readonly defaultLifetime: number;
  readonly maxLifetime: number;
  readonly stunBinding: boolean;
  readonly mobility: boolean;
  readonly tcpRelay: boolean;
  readonly dontFragment: boolean;
  readonly maxQueued: number;
  readonly crypto: TurnServerCrypto;
}

/** Throws `TurnError` (`TURN_INVALID_ARGUMENT`) on options that make no sense. */
export function settingsOf(options: TurnServerOptions): Settings {
  const { relayAddress, crypto = defaultCrypto as TurnServerCrypto, secrets = [], oauth, wallClock } = options;
  const [min, max] = options.relayPorts ?? [49_152, 65_535];
  if (!(isPort(min) && isPort(max) && min <= max)) throw invalid('relayPorts must be two ports, the lower one first');
  if (relayAddress.IPv4 === undefined && relayAddress.IPv6 === undefined) throw invalid('there is no relayAddress');
  if ((secrets.length > 0 || oauth !== undefined) && wallClock === undefined) {
    throw invalid('credentials that expire need wallClock');
  }
  if (oauth !== undefined && crypto.aead === undefined) throw invalid('oauth needs crypto with aead');
  for (const { kid, key } of oauth?.keys ?? []) {
    if (key.length !== 16 && key.length !== 32) throw invalid(`the OAuth key '${kid}' has neither 16 nor 32 bytes`);
  }
  text('realm', options.realm);
  if (options.realm === '') throw invalid('realm must not be empty');
  if (options.software !== undefined) text('software', options.software);
  const maxAllocations = count('maxAllocations', options.maxAllocations, 10_000);
  const defaultLifetime = positive('defaultLifetime', options.defaultLifetime, 600_000);
  const maxLifetime = positive('maxLifetime', options.maxLifetime, Math.max(3_600_000, defaultLifetime));
  if (defaultLifetime > maxLifetime) throw invalid('defaultLifetime is longer than maxLifetime');
  const { allocationBandwidth, userBandwidth, smallRequests = 'shortest' } = options;
  if (!['shortest', 'full', 'nothing'].includes(smallRequests)) {
    throw invalid(`smallRequests must be 'shortest', 'full' or 'nothing', not '${smallRequests}'`);
  }
  if (allocationBandwidth !== undefined) positive('allocationBandwidth', allocationBandwidth, 0);
  if (userBandwidth !== undefined) positive('userBandwidth', userBandwidth, 0);
  return {
    ...options,
    relayAddress: addresses('relayAddress', relayAddress),
    externalAddress: addresses('externalAddress', { ...relayAddress, ...definedOf(options.externalAddress) }),
    relayPorts: [min, max],
    secrets,
    wallClock: wallClock ?? (() => 0),
    maxAuthenticating: count('maxAuthenticating', options.maxAuthenticating, 1024),
    smallRequests,
    smallAnswersPerSecond: positive('smallAnswersPerSecond', options.smallAnswersPerSecond, 50),
    deniedPeers: options.deniedPeers ?? [],
    allowedPeers: options.allowedPeers ?? [],
    maxAllocations,
    maxAllocationsPerUser: count('maxAllocationsPerUser', options.maxAllocationsPerUser, maxAllocations),
    maxAllocationsPerAddress: count('maxAllocationsPerAddress', options.maxAllocationsPerAddress, 1000),
    maxPermissions: count('maxPermissions', options.maxPermissions, 128),
    maxChannels: count('maxChannels', options.maxChannels, 128),
    defaultLifetime,
    maxLifetime,
    stunBinding: options.stunBinding ?? true,
    mobility: options.mobility ?? true,
    tcpRelay: options.tcpRelay ?? false,
    dontFragment: options.dontFragment ?? false,
    maxQueued: count('maxQueued', options.maxQueued, 1024),
    crypto,
  };
}

function addresses(name: string, given: AddressPerFamily): AddressPerFamily {
  const result: { IPv4?: string; IPv6?: string } = {};
  for (const family of ['IPv4', 'IPv6'] as const) {
    const address = given[family];
    if (address === undefined) continue;
    if (addressFamily(address) !== family) throw invalid(`${name}.${family} is no ${family} address: '${address}'`);
    result[family] = canonicalAddress(address)!;
  }
  return result;
}

function definedOf(given: AddressPerFamily = {}): AddressPerFamily {
  return Object.fromEntries(Object.entries(given).filter(([, address]) => address !== undefined));
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < 1) throw invalid(`${name} must be a positive integer`);
  return value;
}

function positive(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw invalid(`${name} must be a positive number`);
  return value;
}

/** What the attributes take (RFC 8489 §14.9, §14.14). */
function text(name: string, value: string): void {
  if (encodeUtf8(value).length > 763) throw invalid(`${name} has more than 763 bytes`);
}

function invalid(message: string): TurnError {
  return new TurnError('TURN_INVALID_ARGUMENT', message);
}
