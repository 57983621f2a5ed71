import { portableCrypto, type SrtpCrypto } from './crypto.ts';
import { SrtpError } from './errors.ts';
import { SRTP_PROFILES, type SrtpKeys, type SrtpProfile, type SrtpProfileName } from './profiles.ts';

/** A further master key that the peer may use. */
export interface SrtpMasterKey {
  readonly mki: Uint8Array;
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

/** Master key identifiers (RFC 3711 §3.1): 1 to 128 bytes, those of one direction equally long. */
export interface SrtpMki {
  /** What packets that are sent carry. Without it they carry none. */
  readonly local?: Uint8Array | undefined;
  /** What names `remoteKey`. Without it packets that come carry none. */
  readonly remote?: Uint8Array | undefined;
  /** More keys that packets may come under. */
  readonly moreRemote?: readonly SrtpMasterKey[] | undefined;
}

/**
 * - `off`: packets marked as such are taken for any other header extension.
 * - `accept`: what comes encrypted is decrypted; packets leave with plain headers.
 * - `send`: as `accept`, and packets leave encrypted.
 * - `require`: as `send`, and packets that come with plain header extensions or CSRCs are dropped.
 */
export type CryptexMode = 'off' | 'accept' | 'send' | 'require';

/** What a session is made from. */
export interface SrtpSessionOptions extends SrtpKeys {
  readonly profile: SrtpProfile | SrtpProfileName;
  /** Default: `portableCrypto`. */
  readonly crypto?: SrtpCrypto | undefined;
  /** Packets of an RTP stream that are told apart, at least 64 (RFC 3711 §3.3.2). Default: 1024. */
  readonly replayWindow?: number | undefined;
  /** The same for RTCP. Default: 128. */
  readonly rtcpReplayWindow?: number | undefined;
  readonly mki?: SrtpMki | undefined;
  /** Encrypting header extensions and CSRCs (RFC 9335). Default: `off`. */
  readonly cryptex?: CryptexMode | undefined;
  /** Ids of header extensions to encrypt, 1 to 255 (RFC 6904). Not together with cryptex. Default: none. */
  readonly encryptedExtensions?: readonly number[] | undefined;
  /**
   * Streams of which state is kept, in each direction. A new one takes the place of the one unused for longest: of an incoming one
   * packets could then be replayed, of an outgoing one it is remembered how far it came. Default: 1024.
   */
  readonly maxStreams?: number | undefined;
  /** Packets that a master key serves for at most in each direction. Default, and most: 2^48 SRTP and 2^31 SRTCP packets (RFC 3711 §9.2). */
  readonly keyLifetime?: { readonly rtp?: number | undefined; readonly rtcp?: number | undefined } | undefined;
}

/** Options with all defaults filled in and checked. */
export interface ResolvedOptions {
  readonly profile: SrtpProfile;
  readonly crypto: SrtpCrypto;
  readonly replayWindow: number;
  readonly rtcpReplayWindow: number;
  readonly local: SrtpMasterKey;
  /** All of one MKI length. */
  readonly remote: readonly SrtpMasterKey[];
  readonly cryptex: CryptexMode;
  readonly encryptedExtensions: readonly number[];
  readonly maxStreams: number;
  readonly rtpLifetime: number;
  readonly rtcpLifetime: number;
}

/** Most packets that a master key may serve for (RFC 3711 §9.2). */
const RTP_LIFETIME: number = 2 ** 48;
const RTCP_LIFETIME: number = 2 ** 31;

const NO_MKI = new Uint8Array(0);

/** Fills in defaults. Throws `SRTP_BAD_OPTION`. */
export function resolveOptions(options: SrtpSessionOptions): ResolvedOptions {
  const profile = typeof options.profile === 'string' ? SRTP_PROFILES[options.profile] : options.profile;
  if (profile === undefined) fail(`There is no profile ${String(options.profile)}.`);
  const { mki, cryptex = 'off', encryptedExtensions = [], maxStreams = 1024 } = options;
  const { replayWindow = 1024, rtcpReplayWindow = 128 } = options;
  const local = { mki: mki?.local ?? NO_MKI, key: options.localKey, salt: options.localSalt };
  const first = { mki: mki?.remote ?? NO_MKI, key: options.remoteKey, salt: options.remoteSalt };
  const remote = [first, ...(mki?.moreRemote ?? [])];
  for (const each of [local, ...remote]) {
    if (each.key?.length !== profile.keyLength) fail(`A master key of ${profile.name} has ${profile.keyLength} bytes.`);
    if (each.salt?.length !== profile.saltLength)
      fail(`A master salt of ${profile.name} has ${profile.saltLength} bytes.`);
    if (each.mki.length > 128) fail('A master key identifier has 128 bytes at most.');
  }
  if (mki?.local?.length === 0 || mki?.remote?.length === 0) fail('A master key identifier has 1 byte at least.');
  if (remote.length > 1 && first.mki.length === 0) fail('Several remote keys take a master key identifier each.');
  if (remote.some((each) => each.mki.length !== first.mki.length)) {
    fail('The identifiers of remote keys are equally long.');
  }
  if (new Set(remote.map((each) => each.mki.join())).size !== remote.length)
    fail('Two remote keys have the same identifier.');
  if (!['off', 'accept', 'send', 'require'].includes(cryptex)) fail(`There is no cryptex mode ${cryptex}.`);
  if (encryptedExtensions.some((id) => !isWhole(id, 1, 255))) fail('Ids of header extensions go from 1 to 255.');
  if (encryptedExtensions.length > 0 && cryptex !== 'off') fail('Use either cryptex or encryptedExtensions.');
  for (const size of [replayWindow, rtcpReplayWindow]) {
    if (!isWhole(size, 64, 32768)) fail('A replay window has 64 to 32768 packets.');
  }
  if (!isWhole(maxStreams, 1, 2 ** 24)) fail('maxStreams is a whole number from 1 on.');
  const rtpLifetime = options.keyLifetime?.rtp ?? RTP_LIFETIME;
  const rtcpLifetime = options.keyLifetime?.rtcp ?? RTCP_LIFETIME;
  if (!isWhole(rtpLifetime, 1, RTP_LIFETIME)) fail('A key serves for 2^48 SRTP packets at most.');
  if (!isWhole(rtcpLifetime, 1, RTCP_LIFETIME)) fail('A key serves for 2^31 SRTCP packets at most.');
  return {
    profile,
    crypto: options.crypto ?? portableCrypto,
    replayWindow,
    rtcpReplayWindow,
    local,
    remote,
    cryptex,
    encryptedExtensions,
    maxStreams,
    rtpLifetime,
    rtcpLifetime,
  };
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function fail(message: string): never {
  throw new SrtpError('SRTP_BAD_OPTION', message);
}
