import type { CodedError } from '@kaon/interface/core/v1';
import type { GroupName, SignatureScheme, Signer } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { type DtlsCrypto, portableCrypto } from './crypto.ts';
import { DtlsError } from './errors.ts';
import { SRTP_PROFILE } from './extensions/use-srtp.ts';
import type { VerifiedHello } from './hello-verifier.ts';
import { CIPHER_SUITES, type CipherSuite, cipherSuite } from './suites/cipher-suites.ts';
import { GROUPS } from './suites/groups.ts';
import { DEFAULT_SIGNATURE_SCHEMES, schemeAuthentication } from './suites/signature-schemes.ts';

/** Our own certificate and the means to prove it. */
export interface LocalCertificate {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Signs with the leaf's private key. */
  readonly signer: Signer;
}

/** What the peer presented. */
export interface PeerCertificate {
  /** DER, leaf first, never empty. */
  readonly chain: readonly Uint8Array[];
}

/** Options of a `Connection`. Everything but `role`, `verifyPeer` and a server's `certificate` has a default. */
export interface ConnectionOptions {
  readonly role: 'client' | 'server';
  /** What we show of ourselves. A client may be without: it then answers a server that asks with none (RFC 5246 §7.4.6). */
  readonly certificate?: LocalCertificate | undefined;
  /**
   * Decides on the peer's certificate, usually by `verifyFingerprints`: undefined accepts, an error ends the connection
   * with it. Called once, during the handshake; that the peer has the private key is proven apart from it.
   */
  readonly verifyPeer: (peer: PeerCertificate) => CodedError | undefined;
  /** Default `portableCrypto`. */
  readonly crypto?: DtlsCrypto;
  /** SRTP protection profiles to negotiate, best first (`SRTP_PROFILE`). Default none: use_srtp is not offered. */
  readonly srtpProfiles?: readonly number[];
  /** Code points of cipher suites, best first. Default all six: 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8. */
  readonly cipherSuites?: readonly number[];
  /** Groups, best first. Default X25519, P-256, P-384. */
  readonly groups?: readonly GroupName[];
  /** Signature schemes accepted from the peer, best first. Default ECDSA and RSA with SHA-2, and Ed25519. */
  readonly signatureSchemes?: readonly SignatureScheme[];
  /**
   * Server: demand a cookie before doing any work (RFC 6347 §4.2.1). Default false, because ICE has already shown that
   * the peer's address is real.
   */
  readonly cookieExchange?: boolean;
  /**
   * Server: the hello to begin with, which a `HelloVerifier` has let through, instead of `cookieExchange`. Give the datagram to
   * `handleRecord` next. Default: the client's first message is the handshake's.
   */
  readonly verifiedHello?: VerifiedHello | undefined;
  /**
   * Server: ask for the client's certificate, without which the handshake fails. Default true. False, as for TURN: the client
   * stays unknown, `verifyPeer` is not called and `peerCertificate` undefined.
   */
  readonly requestCertificate?: boolean;
  /** Client: DNS name of the server, sent as SNI (RFC 6066 §3) so that it can choose its certificate. Default: not sent. */
  readonly serverName?: string | undefined;
  /** Largest datagram of a handshake flight, in bytes, 256 to 65507. Default 1200. */
  readonly mtu?: number;
  /** First retransmission timeout in milliseconds; doubles up to 60 s. Default 100. */
  readonly retransmissionTimeout?: number;
  /** When an incomplete handshake fails, in milliseconds from its first message. Default 30000. */
  readonly handshakeTimeout?: number;
  /** Records the replay window spans; rounded up to a power of two, at least 64. Default 256. */
  readonly replayWindow?: number;
  /** Receives NSS key log lines (SSLKEYLOGFILE). They are secrets. */
  readonly keyLog?: (line: string) => void;
  /** Receives trace events; see `TraceName`. */
  readonly trace?: Trace;
}

/** Options with everything filled in and checked. */
export interface Config {
  readonly role: 'client' | 'server';
  readonly certificate: LocalCertificate | undefined;
  readonly verifyPeer: (peer: PeerCertificate) => CodedError | undefined;
  readonly crypto: DtlsCrypto;
  readonly srtpProfiles: readonly number[];
  readonly cipherSuites: readonly CipherSuite[];
  readonly groups: readonly GroupName[];
  readonly signatureSchemes: readonly SignatureScheme[];
  readonly cookieExchange: boolean;
  readonly verifiedHello: VerifiedHello | undefined;
  readonly requestCertificate: boolean;
  readonly serverName: string | undefined;
  readonly mtu: number;
  readonly retransmissionTimeout: number;
  readonly handshakeTimeout: number;
  readonly replayWindow: number;
  readonly keyLog: ((line: string) => void) | undefined;
  readonly trace: Trace | undefined;
}

/** Fills in defaults; throws `DtlsError` `DTLS_BAD_OPTION` on an option that makes no sense. */
export function resolveOptions(options: ConnectionOptions): Config {
  const { role, certificate, verifyPeer } = options;
  if (role !== 'client' && role !== 'server') bad('role must be client or server');
  if (!certificate && role === 'server') bad('a server needs a certificate');
  if (certificate && certificate.chain.length === 0) bad('certificate.chain must not be empty');
  if (certificate && certificate.signer.schemes.length === 0) bad('certificate.signer must have schemes');
  if (options.verifiedHello && (role === 'client' || options.cookieExchange === true)) {
    bad('verifiedHello is for servers, without cookieExchange');
  }
  if (typeof verifyPeer !== 'function') bad('verifyPeer must be a function');
  return {
    role,
    certificate: certificate ?? undefined,
    verifyPeer,
    crypto: options.crypto ?? portableCrypto,
    srtpProfiles: known('srtpProfiles', options.srtpProfiles ?? [], (profile) => PROFILES.includes(profile)),
    cipherSuites: suites(options.cipherSuites),
    groups: some(
      'groups',
      known('groups', options.groups ?? GROUPS, (group) => GROUPS.includes(group)),
    ),
    signatureSchemes: some(
      'signatureSchemes',
      known(
        'signatureSchemes',
        options.signatureSchemes ?? DEFAULT_SIGNATURE_SCHEMES,
        (scheme) => schemeAuthentication(scheme) !== undefined,
      ),
    ),
    cookieExchange: options.cookieExchange ?? false,
    verifiedHello: options.verifiedHello,
    requestCertificate: options.requestCertificate ?? true,
    serverName: serverName(options.serverName),
    mtu: within('mtu', options.mtu ?? 1200, 256, 65507),
    retransmissionTimeout: within('retransmissionTimeout', options.retransmissionTimeout ?? 100, 1, 60_000),
    handshakeTimeout: within('handshakeTimeout', options.handshakeTimeout ?? 30_000, 1, Number.MAX_SAFE_INTEGER),
    replayWindow: within('replayWindow', options.replayWindow ?? 256, 1, 65536),
    keyLog: options.keyLog,
    trace: options.trace,
  };
}

const PROFILES: readonly number[] = Object.values(SRTP_PROFILE);

/** Without the dot that may end it (RFC 6066 §3). */
function serverName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(name)) bad('serverName must be a DNS name in ASCII');
  return name.replace(/\.$/, '');
}

function suites(ids: readonly number[] | undefined): readonly CipherSuite[] {
  if (ids === undefined) return CIPHER_SUITES;
  return some(
    'cipherSuites',
    known('cipherSuites', ids, (id) => cipherSuite(id) !== undefined),
  ).map((id) => cipherSuite(id) as CipherSuite);
}

function known<T>(name: string, values: readonly T[], isKnown: (value: T) => boolean): readonly T[] {
  for (const value of values) if (!isKnown(value)) bad(`${name} has an unknown entry: ${String(value)}`);
  return values;
}

function some<T>(name: string, values: readonly T[]): readonly T[] {
  if (values.length === 0) bad(`${name} must not be empty`);
  return values;
}

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) bad(`${name} must be from ${least} to ${most}, not ${value}`);
  return value;
}

function bad(sentence: string): never {
  throw new DtlsError('DTLS_BAD_OPTION', `${sentence}.`);
}
