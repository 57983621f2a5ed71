/** What a NAT remembers (RFC 4787), without any I/O. */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { formatAddress, sameAddress } from '@kaon/wire';

/** On what a mapping (§4.1) or a filter (§5) depends. */
export type NatBehaviour = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** The names of RFC 3489 §5, still used in conversation. */
export type NatType = 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric';

/** How a NAT maps and filters. */
export interface NatTableOptions {
  /** A preset for `mapping` and `filtering`. Default `port-restricted`, the commonest at home. */
  readonly type?: NatType | undefined;
  readonly mapping?: NatBehaviour | undefined;
  readonly filtering?: NatBehaviour | undefined;
  /** External addresses; an internal host always gets the same one (paired pooling, §4.1). */
  readonly addresses: readonly string[];
  /** Ms without an outbound packet after which a mapping ends (§4.3). Default 120 000. */
  readonly mappingTimeout?: number | undefined;
  /** Whether inbound packets keep a mapping alive too (§4.3). Default false. */
  readonly refreshInbound?: boolean | undefined;
  /** Try to give the external port the number of the internal one (§4.2.1). Default false: ports count up from 40 000. */
  readonly preservePorts?: boolean | undefined;
}

/** Mappings and permissions of one NAT. */
export class NatTable {
  readonly mapping: NatBehaviour;
  readonly filtering: NatBehaviour;
  readonly #options: NatTableOptions;
  readonly #byInternal = new Map<string, Mapping>();
  readonly #byExternal = new Map<string, Mapping>();
  readonly #pairing = new Map<string, string>();
  #nextPort = 40_000;

  constructor(options: NatTableOptions) {
    if (options.addresses.length === 0) throw new RangeError('a NAT needs an external address');
    const preset = PRESETS[options.type ?? 'port-restricted'];
    this.mapping = options.mapping ?? preset.mapping;
    this.filtering = options.filtering ?? preset.filtering;
    this.#options = options;
  }

  /** Mappings that have not timed out. */
  size(now: Instant): number {
    let live = 0;
    for (const mapping of this.#byExternal.values()) if (this.#isLive(mapping, now)) live++;
    return live;
  }

  /** The external source of a packet that leaves, mapped anew if need be; undefined when no port is free. */
  outbound(source: TransportAddress, destination: TransportAddress, now: Instant): TransportAddress | undefined {
    const key = `${formatAddress(source)}|${scope(this.mapping, destination)}`;
    let mapping = this.#byInternal.get(key);
    if (mapping !== undefined && !this.#isLive(mapping, now)) {
      this.#remove(mapping);
      mapping = undefined;
    }
    if (mapping === undefined) {
      const external = this.#allocate(source, now);
      if (external === undefined) return undefined;
      mapping = { key, internal: source, external, permissions: new Set(), lastUsed: now };
      this.#byInternal.set(key, mapping);
      this.#byExternal.set(formatAddress(external), mapping);
    }
    mapping.lastUsed = now;
    mapping.permissions.add(scope(this.filtering, destination));
    return mapping.external;
  }

  /** The internal destination of a packet that arrives at `external`; undefined when it is filtered. */
  inbound(external: TransportAddress, source: TransportAddress, now: Instant): TransportAddress | undefined {
    const mapping = this.#byExternal.get(formatAddress(external));
    if (mapping === undefined || !this.#isLive(mapping, now)) return undefined;
    if (!mapping.permissions.has(scope(this.filtering, source))) return undefined;
    if (this.#options.refreshInbound === true) mapping.lastUsed = now;
    return mapping.internal;
  }

  /** Forgets everything, as after a power cut. Ports go on counting, so that old mappings do not come back. */
  reset(): void {
    this.#byInternal.clear();
    this.#byExternal.clear();
  }

  #isLive(mapping: Mapping, now: Instant): boolean {
    return now - mapping.lastUsed < (this.#options.mappingTimeout ?? 120_000);
  }

  #remove(mapping: Mapping): void {
    if (this.#byInternal.get(mapping.key) === mapping) this.#byInternal.delete(mapping.key);
    const key = formatAddress(mapping.external);
    if (this.#byExternal.get(key) === mapping) this.#byExternal.delete(key);
  }

  #allocate(source: TransportAddress, now: Instant): TransportAddress | undefined {
    const { addresses } = this.#options;
    let address = this.#pairing.get(source.address);
    if (address === undefined) {
      address = addresses[this.#pairing.size % addresses.length]!;
      this.#pairing.set(source.address, address);
    }
    if (this.#options.preservePorts === true) {
      const same = this.#free({ address, family: source.family, port: source.port }, now);
      if (same !== undefined) return same;
    }
    for (let tries = 0; tries < 65_536 - FIRST_PORT; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === 65_535 ? FIRST_PORT : port + 1;
      const candidate = this.#free({ address, family: source.family, port }, now);
      if (candidate !== undefined) return candidate;
    }
    return undefined;
  }

  #free(external: TransportAddress, now: Instant): TransportAddress | undefined {
    const holder = this.#byExternal.get(formatAddress(external));
    if (holder === undefined) return external;
    if (this.#isLive(holder, now) || !sameAddress(holder.external, external)) return undefined;
    this.#remove(holder);
    return external;
  }
}

interface Mapping {
  readonly key: string;
  readonly internal: TransportAddress;
  readonly external: TransportAddress;
  readonly permissions: Set<string>;
  lastUsed: Instant;
}

const FIRST_PORT = 1024;

const PRESETS: { readonly [type in NatType]: { readonly mapping: NatBehaviour; readonly filtering: NatBehaviour } } = {
  'full-cone': { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  'address-restricted': { mapping: 'endpoint-independent', filtering: 'address-dependent' },
  'port-restricted': { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
  symmetric: { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' },
};

/** The part of the remote address on which a behaviour depends. */
function scope(behaviour: NatBehaviour, remote: TransportAddress): string {
  if (behaviour === 'endpoint-independent') return '*';
  return behaviour === 'address-dependent' ? remote.address : formatAddress(remote);
}
