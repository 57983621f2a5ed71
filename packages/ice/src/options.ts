import type { TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider, RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { type AddressRewrite, type CheckedRewrite, checkAddressRewrites } from './address-rewrite.ts';
import type { CandidateType } from './candidate.ts';
import { checkCredentials, type IceCredentials } from './credentials.ts';
import { IceError } from './errors.ts';
import type { IceRole } from './events.ts';

/** Kinds of network, as a platform may know them. */
export type NetworkType = 'ethernet' | 'wifi' | 'cellular' | 'vpn' | 'loopback' | 'unknown';

/**
 * How long a valid pair waits for a better one before it is nominated, in ms, by the less direct type of its two
 * candidates; a TCP pair waits for `tcp` if that is longer.
 */
export type NominationDelay = { readonly [T in CandidateType | 'tcp']: number };

/** What may be set on an `Agent`. */
export interface AgentOptions {
  /** Controlling for the side that made the first offer (RFC 8445 §6.1.1). */
  readonly role: IceRole;
  /**
   * ICE-lite (RFC 8445 §2.5): only host candidates, only answers, controlled unless the peer is lite too. For servers with
   * a public address. Default false.
   */
  readonly lite?: boolean | undefined;
  /**
   * Whether the controlling side moves to a better pair after one was selected, by draft-thatcher-ice-renomination. The
   * controlled side follows such a peer always. Default false.
   */
  readonly renomination?: boolean | undefined;
  /** Source of credentials, transaction ids, the tie-breaker and jitter. */
  readonly random: RandomSource;
  /** HMAC-SHA1 for message integrity. Default: portable. */
  readonly crypto?: Pick<CryptoProvider, 'mac'> | undefined;
  readonly trace?: Trace | undefined;
  /** Default: random. Throws `ICE_BAD_CREDENTIALS`. */
  readonly localCredentials?: IceCredentials | undefined;
  /** 64 bits that settle a role conflict (RFC 8445 §16.1). Default: random. */
  readonly tieBreaker?: bigint | undefined;

  /** Types of local candidates that are signalled and used. `['relay']` is the W3C policy `relay`. Default: all. */
  readonly candidateTypes?: readonly CandidateType[] | undefined;
  /** Families of local and remote candidates that are used. Default: both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[] | undefined;
  /** Network types of bases that are used; a base without a type is `unknown`. Default: all. */
  readonly networkTypes?: readonly NetworkType[] | undefined;
  /** Whether a base of the interface with this name is used; a base without a name always is. Throwing refuses. Default: all. */
  readonly interfaceFilter?: ((networkName: string) => boolean) | undefined;
  /** Whether a local base, or a remote candidate, at this address is used. Throwing refuses. Default: all. */
  readonly addressFilter?: ((address: TransportAddress, side: 'local' | 'remote') => boolean) | undefined;

  /** Addresses to signal in place of local ones, or besides them. Default: none. Throws `ICE_BAD_OPTION`. */
  readonly addressRewrites?: readonly AddressRewrite[] | undefined;

  /** Ta: ms between new transactions once `burst` is used up (RFC 8445 §14.2). Default 50. */
  readonly pacing?: number | undefined;
  /** New transactions that may go at once after a pause. 1 is the RFC to the letter. Default 5. */
  readonly burst?: number | undefined;
  /** ms a STUN server has for its answer; the wait ends with `candidate-error` 701. Default 10 000. */
  readonly gatheringTimeout?: number | undefined;
  /** Most pairs in the check list (RFC 8445 §6.1.2.5), and most remote candidates. Default 100. */
  readonly maxCandidatePairs?: number | undefined;
  /** Default 0 for host, 50 for prflx, 100 for srflx, 500 for relay and tcp. */
  readonly nominationDelay?: Partial<NominationDelay> | undefined;
  /** ms before which checking does not fail, and for which candidates are awaited (RFC 8863 §4). Default 39 500. */
  readonly patience?: number | undefined;

  /** ms between consent checks, randomised by 0.8 to 1.2 (RFC 7675 §5.1). Infinity: none, consent never expires. Default 5000. */
  readonly consentInterval?: number | undefined;
  /** ms without a valid answer until consent expires and the state is `failed` (RFC 7675 §5.1). Default 30 000. */
  readonly consentTimeout?: number | undefined;
  /** ms for which a consent check goes unanswered until the state is `disconnected`. Default 5000. */
  readonly disconnectedTimeout?: number | undefined;
  /**
   * Tr: ms without sending until a Binding indication keeps the selected pair's NAT bindings alive where consent
   * checks do not, and between refreshes of server-reflexive bindings until a pair is selected (RFC 8445 §11). Default 15 000.
   */
  readonly keepaliveInterval?: number | undefined;
  /**
   * ms between checks of the pair that would take the place of the selected one, so that it can at once. Infinity: none.
   * Default 25 000.
   */
  readonly backupInterval?: number | undefined;
}

/** Options with all defaults filled in. */
export type ResolvedOptions = {
  readonly [K in NumericOption]: number;
} & {
  readonly lite: boolean;
  readonly renomination: boolean;
  readonly candidateTypes: readonly CandidateType[];
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly networkTypes: readonly NetworkType[] | undefined;
  readonly interfaceFilter: (networkName: string) => boolean;
  readonly addressFilter: (address: TransportAddress, side: 'local' | 'remote') => boolean;
  readonly nominationDelay: NominationDelay;
  readonly addressRewrites: readonly CheckedRewrite[];
};

type NumericOption =
  | 'pacing'
  | 'burst'
  | 'gatheringTimeout'
  | 'maxCandidatePairs'
  | 'patience'
  | 'consentInterval'
  | 'consentTimeout'
  | 'disconnectedTimeout'
  | 'keepaliveInterval'
  | 'backupInterval';

/** Fills in defaults. Throws IceError `ICE_BAD_OPTION` or `ICE_BAD_CREDENTIALS`. */
export function resolveOptions(options: AgentOptions): ResolvedOptions {
  if (options.localCredentials !== undefined) checkCredentials(options.localCredentials);
  const { tieBreaker } = options;
  if (tieBreaker !== undefined && (tieBreaker < 0n || tieBreaker > 0xffff_ffff_ffff_ffffn)) {
    throw new IceError('ICE_BAD_OPTION', 'tieBreaker does not fit 64 bits');
  }
  const nominationDelay = { ...DEFAULT_NOMINATION_DELAY, ...options.nominationDelay };
  for (const [type, delay] of Object.entries(nominationDelay)) check(`nominationDelay.${type}`, delay, 0);
  const burst = options.burst ?? 5;
  const maxCandidatePairs = options.maxCandidatePairs ?? 100;
  if (!Number.isInteger(burst) || !Number.isInteger(maxCandidatePairs)) {
    throw new IceError('ICE_BAD_OPTION', 'burst and maxCandidatePairs are whole numbers');
  }
  const lite = options.lite ?? false;
  const candidateTypes = options.candidateTypes ?? ['host', 'srflx', 'prflx', 'relay'];
  return {
    lite,
    renomination: options.renomination ?? false,
    candidateTypes: lite ? candidateTypes.filter((type) => type === 'host') : candidateTypes,
    families: options.families ?? ['IPv4', 'IPv6'],
    networkTypes: options.networkTypes,
    interfaceFilter: guarded(options.interfaceFilter),
    addressFilter: guarded(options.addressFilter),
    nominationDelay,
    addressRewrites: checkAddressRewrites(options.addressRewrites ?? []),
    pacing: check('pacing', options.pacing ?? 50, 1),
    burst: check('burst', burst, 1),
    maxCandidatePairs: check('maxCandidatePairs', maxCandidatePairs, 1),
    gatheringTimeout: check('gatheringTimeout', options.gatheringTimeout ?? 10_000, 1),
    patience: check('patience', options.patience ?? 39_500, 0),
    consentInterval: check('consentInterval', options.consentInterval ?? 5000, 1),
    consentTimeout: check('consentTimeout', options.consentTimeout ?? 30_000, 1),
    disconnectedTimeout: check('disconnectedTimeout', options.disconnectedTimeout ?? 5000, 1),
    keepaliveInterval: check('keepaliveInterval', options.keepaliveInterval ?? 15_000, 1),
    backupInterval: check('backupInterval', options.backupInterval ?? 25_000, 1),
  };
}

const DEFAULT_NOMINATION_DELAY: NominationDelay = { host: 0, prflx: 50, srflx: 100, relay: 500, tcp: 500 };

const everything = (): boolean => true;

/** The filter, or one that lets everything pass. It is asked about what peers send, so it must not throw: that refuses. */
function guarded<A extends readonly unknown[]>(filter: ((...args: A) => boolean) | undefined): (...args: A) => boolean {
  if (filter === undefined) return everything;
  return (...args) => {
    try {
      return filter(...args);
    } catch {
      return false;
    }
  };
}

function check(name: string, value: number, min: number): number {
  if (!(value >= min)) throw new IceError('ICE_BAD_OPTION', `${name} is ${value}, it must be at least ${min}`);
  return value;
}
